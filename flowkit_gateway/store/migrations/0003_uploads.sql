-- Files on their way; with an answer they have arrived, or are about to.
CREATE TABLE uploads (
  id TEXT PRIMARY KEY NOT NULL,
  project TEXT NOT NULL,
  created_by TEXT NOT NULL,
  space TEXT NOT NULL,
  path TEXT NOT NULL,
  size_bytes BIGINT NOT NULL,
  mode INTEGER NOT NULL,
  modified_ns BIGINT,
  overwrite INTEGER NOT NULL,
  created_at REAL NOT NULL,
  arrives_in TEXT,
  answer BLOB
);
CREATE INDEX uploads_by_space ON uploads (space);
