CREATE TABLE sweeps (
  id TEXT PRIMARY KEY NOT NULL,
  project TEXT NOT NULL,
  created_by TEXT NOT NULL,
  name TEXT,
  status TEXT NOT NULL,
  combine TEXT NOT NULL,
  max_parallel INTEGER,
  on_failure TEXT NOT NULL,
  created_at REAL NOT NULL,
  finished_at REAL,
  cancel_requested_at REAL,
  pending INTEGER NOT NULL,
  active INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  last_end INTEGER NOT NULL
);
CREATE INDEX sweeps_by_project ON sweeps (project, id);
CREATE INDEX sweeps_by_name ON sweeps (project, name, id);
CREATE INDEX sweeps_not_ended ON sweeps (id) WHERE status IN ('running', 'stopping');

-- Apart from the counts above, so that an event of a case does not write all of it anew.
CREATE TABLE sweep_plans (
  sweep_id TEXT PRIMARY KEY NOT NULL,
  task TEXT NOT NULL,
  parameters TEXT NOT NULL,
  encrypted_mount_env BLOB
);

CREATE TABLE sweep_cases (
  sweep_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  task_id TEXT,
  exit_code INTEGER,
  reason TEXT,
  message TEXT,
  finished_at REAL,
  end_number INTEGER,
  PRIMARY KEY (sweep_id, number)
);
CREATE INDEX sweep_cases_by_status ON sweep_cases (sweep_id, status, number);
CREATE INDEX sweep_cases_by_end ON sweep_cases (sweep_id, end_number);
