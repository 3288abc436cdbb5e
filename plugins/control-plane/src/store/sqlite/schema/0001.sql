-- Times are microseconds since 1970. Rows of the history are never changed, which triggers enforce.

CREATE TABLE meta(
  k TEXT PRIMARY KEY,
  v TEXT NOT NULL
) STRICT;

CREATE TABLE gateways(
  id TEXT PRIMARY KEY CHECK(length(id) = 19),
  name TEXT NOT NULL CHECK(length(name) BETWEEN 1 AND 63),
  description TEXT NOT NULL,
  labels TEXT NOT NULL CHECK(json_valid(labels)),
  rev INTEGER NOT NULL CHECK(rev >= 1),
  generation INTEGER NOT NULL CHECK(generation >= 1),
  reload_generation INTEGER NOT NULL DEFAULT 0,
  reconcile_generation INTEGER NOT NULL DEFAULT 0,
  last_version INTEGER NOT NULL DEFAULT 0,
  desired_version INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  CHECK(desired_version IS NULL OR desired_version <= last_version),
  CHECK(reload_generation <= generation AND reconcile_generation <= generation),
  FOREIGN KEY(id, desired_version) REFERENCES config_versions(gateway_id, version)
    DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A deleted gateway releases its name and keeps its history.
CREATE UNIQUE INDEX gateways_name ON gateways(name) WHERE deleted_at IS NULL;

-- Contents by the hash of their bytes, so that a revert stores nothing twice.
CREATE TABLE blobs(
  sha256 BLOB PRIMARY KEY CHECK(length(sha256) = 32),
  content TEXT NOT NULL
) STRICT;

CREATE TABLE config_versions(
  gateway_id TEXT NOT NULL REFERENCES gateways(id),
  version INTEGER NOT NULL CHECK(version >= 1),
  sha256 BLOB NOT NULL CHECK(length(sha256) = 32),
  blob BLOB NOT NULL REFERENCES blobs(sha256),
  size INTEGER NOT NULL,
  author TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  origin TEXT NOT NULL CHECK(origin IN ('create', 'reload', 'revert', 'file')),
  reverts_to INTEGER,
  source TEXT,
  message TEXT,
  PRIMARY KEY(gateway_id, version),
  CHECK((origin = 'revert') = (reverts_to IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER config_versions_immutable BEFORE UPDATE ON config_versions
BEGIN SELECT RAISE(ABORT, 'config versions are immutable'); END;
CREATE TRIGGER config_versions_kept BEFORE DELETE ON config_versions
BEGIN SELECT RAISE(ABORT, 'config versions are kept'); END;
CREATE TRIGGER config_versions_dense BEFORE INSERT ON config_versions
WHEN NEW.version <> 1 + (SELECT count(*) FROM config_versions WHERE gateway_id = NEW.gateway_id)
BEGIN SELECT RAISE(ABORT, 'config versions are dense'); END;
CREATE TRIGGER blobs_immutable BEFORE UPDATE ON blobs
BEGIN SELECT RAISE(ABORT, 'contents are immutable'); END;

-- A table of its own, so that reports do not change the revision of the gateway.
CREATE TABLE instances(
  gateway_id TEXT NOT NULL REFERENCES gateways(id),
  instance_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  report TEXT NOT NULL CHECK(json_valid(report)),
  PRIMARY KEY(gateway_id, instance_id)
) STRICT, WITHOUT ROWID;

-- The answers of instances.
CREATE TABLE apply_history(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  gateway_id TEXT NOT NULL REFERENCES gateways(id),
  instance_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  version INTEGER,
  outcome TEXT NOT NULL CHECK(outcome IN ('applied', 'rejected')),
  code TEXT,
  message TEXT
) STRICT;
CREATE INDEX apply_history_gateway ON apply_history(gateway_id, seq);

CREATE TABLE tokens(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('access', 'gateway', 'bootstrap')),
  hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
  hint TEXT NOT NULL,
  scope TEXT NOT NULL CHECK(scope IN ('admin', 'read', 'gateway')),
  gateway_id TEXT REFERENCES gateways(id),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  CHECK((scope = 'gateway') = (gateway_id IS NOT NULL))
) STRICT;

CREATE TABLE audit(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  rev INTEGER,
  detail TEXT NOT NULL CHECK(json_valid(detail))
) STRICT;
CREATE INDEX audit_target ON audit(target, seq);
CREATE TRIGGER audit_immutable BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is immutable'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is kept'); END;

CREATE TABLE idempotency(
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint BLOB NOT NULL CHECK(length(fingerprint) = 32),
  receipt TEXT NOT NULL CHECK(json_valid(receipt)),
  created_at INTEGER NOT NULL,
  PRIMARY KEY(actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency(created_at);
