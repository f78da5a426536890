CREATE TABLE volumes (
  id TEXT PRIMARY KEY NOT NULL,
  project TEXT NOT NULL,
  created_by TEXT NOT NULL,
  name TEXT,
  size_gb INTEGER NOT NULL,
  interface TEXT NOT NULL,
  region TEXT NOT NULL,
  permission TEXT NOT NULL,
  cloneable INTEGER NOT NULL,
  created_at REAL NOT NULL
);
CREATE UNIQUE INDEX volumes_by_name ON volumes (project, name);
CREATE INDEX volumes_by_project ON volumes (project, id);

CREATE TABLE grants (
  id TEXT PRIMARY KEY NOT NULL,
  volume_id TEXT NOT NULL,
  project TEXT NOT NULL,
  principal TEXT NOT NULL,
  permission TEXT NOT NULL,
  status TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at REAL NOT NULL,
  decided_at REAL
);
CREATE UNIQUE INDEX grants_by_volume ON grants (volume_id, principal);
CREATE INDEX grants_by_project ON grants (project, id);
CREATE INDEX grants_by_principal ON grants (principal, id);

-- Volumes of tasks that have not ended.
CREATE TABLE task_volumes (
  task_id TEXT NOT NULL,
  volume_id TEXT NOT NULL,
  project TEXT NOT NULL,
  PRIMARY KEY (task_id, volume_id)
);
CREATE INDEX task_volumes_by_volume ON task_volumes (volume_id, task_id);

-- Volumes whose directories are to go: deleted ones, and copies that are not whole.
CREATE TABLE discarded_volumes (
  id TEXT PRIMARY KEY NOT NULL
);
