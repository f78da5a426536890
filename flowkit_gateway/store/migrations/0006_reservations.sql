CREATE TABLE reservations (
  id TEXT PRIMARY KEY NOT NULL,
  project TEXT NOT NULL,
  created_by TEXT NOT NULL,
  name TEXT,
  instance_type TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  region TEXT NOT NULL,
  start_at REAL NOT NULL,
  end_at REAL NOT NULL,
  duration REAL NOT NULL,
  auto_renew INTEGER NOT NULL,
  status TEXT NOT NULL,
  simulated INTEGER NOT NULL,
  units TEXT NOT NULL,
  created_at REAL NOT NULL,
  ended_at REAL,
  message TEXT
);
CREATE INDEX reservations_by_project ON reservations (project, id);
CREATE INDEX reservations_by_name ON reservations (project, name, id);
CREATE INDEX reservations_not_ended ON reservations (id) WHERE status IN ('scheduled', 'active');
