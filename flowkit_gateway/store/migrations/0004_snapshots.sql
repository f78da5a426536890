CREATE TABLE snapshots (
  project TEXT NOT NULL,
  id TEXT NOT NULL,
  file_count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  created_at REAL NOT NULL,
  used_at REAL NOT NULL,
  started_at REAL,
  PRIMARY KEY (project, id)
);
CREATE INDEX snapshots_by_age ON snapshots (project, created_at, id);
CREATE INDEX snapshots_by_use ON snapshots (used_at);

-- Contents of files, each once a project, and where in which pack they are.
CREATE TABLE contents (
  project TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  pack TEXT NOT NULL,
  position INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (project, sha256)
);
CREATE INDEX contents_by_pack ON contents (project, pack, position);

-- Which snapshots tasks need to start; only those of tasks that have not ended count.
CREATE TABLE task_snapshots (
  task_id TEXT NOT NULL,
  project TEXT NOT NULL,
  snapshot_id TEXT NOT NULL,
  PRIMARY KEY (task_id, snapshot_id)
);
CREATE INDEX task_snapshots_by_snapshot ON task_snapshots (project, snapshot_id);
