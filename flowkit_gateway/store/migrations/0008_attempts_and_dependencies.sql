ALTER TABLE tasks ADD COLUMN held_at REAL;
ALTER TABLE tasks ADD COLUMN retry_at REAL;
ALTER TABLE tasks ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;

-- Attempts that were followed by another one; the newest is in the task's own row.
CREATE TABLE task_attempts (
  task_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  message TEXT,
  exit_code INTEGER,
  started_at REAL,
  finished_at REAL,
  output_bytes INTEGER,
  PRIMARY KEY (task_id, number)
);

CREATE TABLE task_dependencies (
  task_id TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  condition TEXT NOT NULL,
  PRIMARY KEY (task_id, depends_on)
);
CREATE INDEX task_dependencies_by_other ON task_dependencies (depends_on);
