-- Which of several gateways on one database does what only one may do at a time.
CREATE TABLE leases (
  name TEXT PRIMARY KEY NOT NULL,
  holder TEXT NOT NULL,
  address TEXT NOT NULL,
  -- Grows with each change of hands: who writes with an older one is refused.
  term INTEGER NOT NULL,
  expires_at REAL NOT NULL
);
