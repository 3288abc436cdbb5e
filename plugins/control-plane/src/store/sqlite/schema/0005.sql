-- Versions can be pinned, and the contents of others pruned, without deleting the versions. Their
-- contents are then missing, which a foreign key does not allow, and SQLite cannot drop one: the table
-- is created again. `meta` has a row `pruning` only while contents are deleted.

CREATE TABLE config_versions_with_pins(
  gateway_id TEXT NOT NULL REFERENCES gateways(id),
  version INTEGER NOT NULL CHECK(version >= 1),
  sha256 BLOB NOT NULL CHECK(length(sha256) = 32),
  blob BLOB NOT NULL CHECK(length(blob) = 32),
  size INTEGER NOT NULL,
  author TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  origin TEXT NOT NULL CHECK(origin IN ('create', 'reload', 'revert', 'file')),
  reverts_to INTEGER,
  source TEXT,
  message TEXT,
  pinned INTEGER NOT NULL DEFAULT 0 CHECK(pinned IN (0, 1)),
  pruned_at INTEGER,
  PRIMARY KEY(gateway_id, version),
  CHECK((origin = 'revert') = (reverts_to IS NOT NULL)),
  CHECK(pinned = 0 OR pruned_at IS NULL)
) STRICT, WITHOUT ROWID;

INSERT INTO config_versions_with_pins SELECT gateway_id, version, sha256, blob, size, author,
  created_at, origin, reverts_to, source, message, 0, NULL FROM config_versions;
DROP TABLE config_versions;
ALTER TABLE config_versions_with_pins RENAME TO config_versions;

CREATE TRIGGER config_versions_immutable BEFORE UPDATE ON config_versions
WHEN OLD.gateway_id IS NOT NEW.gateway_id OR OLD.version IS NOT NEW.version
  OR OLD.sha256 IS NOT NEW.sha256 OR OLD.blob IS NOT NEW.blob OR OLD.size IS NOT NEW.size
  OR OLD.author IS NOT NEW.author OR OLD.created_at IS NOT NEW.created_at
  OR OLD.origin IS NOT NEW.origin OR OLD.reverts_to IS NOT NEW.reverts_to
  OR OLD.source IS NOT NEW.source OR OLD.message IS NOT NEW.message
  OR (OLD.pruned_at IS NOT NULL AND OLD.pruned_at IS NOT NEW.pruned_at)
BEGIN SELECT RAISE(ABORT, 'config versions are immutable'); END;
CREATE TRIGGER config_versions_needed BEFORE UPDATE OF pruned_at ON config_versions
WHEN NEW.pruned_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM gateways WHERE id = NEW.gateway_id AND desired_version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'desired versions are kept'); END;
CREATE TRIGGER config_versions_kept BEFORE DELETE ON config_versions
BEGIN SELECT RAISE(ABORT, 'config versions are kept'); END;
CREATE TRIGGER config_versions_dense BEFORE INSERT ON config_versions
WHEN NEW.version <> 1 + ifnull(
  (SELECT max(version) FROM config_versions WHERE gateway_id = NEW.gateway_id), 0)
BEGIN SELECT RAISE(ABORT, 'config versions are dense'); END;
CREATE TRIGGER blobs_kept BEFORE DELETE ON blobs
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE k = 'pruning')
BEGIN SELECT RAISE(ABORT, 'contents are kept'); END;
