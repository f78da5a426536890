CREATE TABLE secrets (
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  encrypted_value BLOB NOT NULL,
  created_by TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  PRIMARY KEY (project, name)
);

CREATE TABLE profile_files (
  id TEXT PRIMARY KEY NOT NULL,
  project TEXT NOT NULL,
  user_name TEXT NOT NULL,
  path TEXT NOT NULL,
  mode INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  encrypted_content BLOB NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  UNIQUE (project, user_name, path)
);

CREATE TABLE task_credentials (
  task_id TEXT PRIMARY KEY NOT NULL,
  encrypted_mount_env BLOB,
  encrypted_handed BLOB
);
