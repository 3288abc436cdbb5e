-- Bootstrap tokens: each creates one gateway, which consumes it and is referred to by it. SQLite
-- cannot change the constraint of a column, so the table is created again.

CREATE TABLE tokens_with_bootstrap(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('access', 'gateway', 'bootstrap')),
  hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
  hint TEXT NOT NULL,
  scope TEXT NOT NULL CHECK(scope IN ('admin', 'read', 'gateway', 'bootstrap')),
  gateway_id TEXT REFERENCES gateways(id),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  CHECK(scope = 'bootstrap' OR (scope = 'gateway') = (gateway_id IS NOT NULL)),
  CHECK(scope <> 'bootstrap' OR expires_at IS NOT NULL),
  CHECK(scope <> 'bootstrap' OR gateway_id IS NULL OR revoked_at IS NOT NULL)
) STRICT;

INSERT INTO tokens_with_bootstrap SELECT id, name, kind, hash, hint, scope, gateway_id, created_by,
  created_at, expires_at, revoked_at FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_with_bootstrap RENAME TO tokens;
