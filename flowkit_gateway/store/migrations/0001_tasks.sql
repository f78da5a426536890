CREATE TABLE tasks (
  id TEXT PRIMARY KEY NOT NULL,
  project TEXT NOT NULL,
  created_by TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  message TEXT,
  exit_code INTEGER,
  name TEXT,
  labels TEXT NOT NULL,
  priority INTEGER NOT NULL,
  settings TEXT NOT NULL,
  engine TEXT NOT NULL,
  instance_type TEXT,
  simulated INTEGER NOT NULL,
  placement TEXT,
  attempt INTEGER NOT NULL,
  created_at REAL NOT NULL,
  started_at REAL,
  finished_at REAL,
  cancel_requested_at REAL,
  output_bytes INTEGER,
  output_dropped_bytes INTEGER,
  version INTEGER NOT NULL
);
CREATE INDEX tasks_by_project ON tasks (project, id);
CREATE INDEX tasks_by_status ON tasks (project, status, id);
CREATE INDEX tasks_by_name ON tasks (project, name, id);
CREATE INDEX tasks_not_ended ON tasks (id)
  WHERE status NOT IN ('completed', 'failed', 'cancelled');

CREATE TABLE task_labels (
  project TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  task_id TEXT NOT NULL,
  PRIMARY KEY (project, key, value, task_id)
) WITHOUT ROWID;
CREATE INDEX task_labels_by_key ON task_labels (project, key, task_id);

CREATE TABLE events (
  project TEXT NOT NULL,
  number INTEGER NOT NULL,
  task_id TEXT,
  type TEXT NOT NULL,
  at REAL NOT NULL,
  status TEXT,
  reason TEXT,
  exit_code INTEGER,
  message TEXT,
  PRIMARY KEY (project, number)
) WITHOUT ROWID;
CREATE INDEX events_by_task ON events (project, task_id, number);

CREATE TABLE idempotency_keys (
  project TEXT NOT NULL,
  key TEXT NOT NULL,
  operation TEXT NOT NULL,
  body_hash BLOB NOT NULL,
  created_at REAL NOT NULL,
  answer BLOB NOT NULL,
  PRIMARY KEY (project, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
