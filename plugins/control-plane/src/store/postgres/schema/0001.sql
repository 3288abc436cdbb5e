-- Times are microseconds since 1970. Rows of the history are never changed, which triggers enforce.
-- All objects are in the schema `kt`, which the caller has created; names are compared by bytes.

CREATE TABLE meta(
  k TEXT PRIMARY KEY,
  v TEXT NOT NULL
);

CREATE TABLE gateways(
  id TEXT COLLATE "C" PRIMARY KEY CHECK(length(id) = 19),
  name TEXT COLLATE "C" NOT NULL CHECK(length(name) BETWEEN 1 AND 63),
  description TEXT NOT NULL,
  labels JSONB NOT NULL,
  rev BIGINT NOT NULL CHECK(rev >= 1),
  generation BIGINT NOT NULL CHECK(generation >= 1),
  reload_generation BIGINT NOT NULL DEFAULT 0,
  reconcile_generation BIGINT NOT NULL DEFAULT 0,
  last_version BIGINT NOT NULL DEFAULT 0,
  desired_version BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK(desired_version IS NULL OR desired_version <= last_version),
  CHECK(reload_generation <= generation AND reconcile_generation <= generation)
) WITH (fillfactor = 80);

-- A deleted gateway releases its name and keeps its history.
CREATE UNIQUE INDEX gateways_name ON gateways(name) WHERE deleted_at IS NULL;

-- Contents by the hash of their bytes, so that a revert stores nothing twice.
CREATE TABLE blobs(
  sha256 BYTEA PRIMARY KEY CHECK(length(sha256) = 32),
  content BYTEA NOT NULL
);

CREATE TABLE config_versions(
  gateway_id TEXT COLLATE "C" NOT NULL REFERENCES gateways(id),
  version BIGINT NOT NULL CHECK(version >= 1),
  sha256 BYTEA NOT NULL CHECK(length(sha256) = 32),
  blob BYTEA NOT NULL REFERENCES blobs(sha256),
  size BIGINT NOT NULL,
  author TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  origin TEXT NOT NULL CHECK(origin IN ('create', 'reload', 'revert', 'file')),
  reverts_to BIGINT,
  source TEXT,
  message TEXT,
  PRIMARY KEY(gateway_id, version),
  CHECK((origin = 'revert') = (reverts_to IS NOT NULL))
);

ALTER TABLE gateways ADD CONSTRAINT gateways_desired
  FOREIGN KEY(id, desired_version) REFERENCES config_versions(gateway_id, version)
  DEFERRABLE INITIALLY DEFERRED;

-- The function of all triggers that reject a change: their argument is the message.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$;

CREATE FUNCTION dense() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version <> 1 + coalesce(
      (SELECT max(version) FROM kt.config_versions WHERE gateway_id = NEW.gateway_id), 0) THEN
    RAISE EXCEPTION 'config versions are dense' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER config_versions_immutable BEFORE UPDATE ON config_versions
  FOR EACH ROW EXECUTE FUNCTION refuse('config versions are immutable');
CREATE TRIGGER config_versions_kept BEFORE DELETE ON config_versions
  FOR EACH ROW EXECUTE FUNCTION refuse('config versions are kept');
CREATE TRIGGER config_versions_whole BEFORE TRUNCATE ON config_versions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse('config versions are kept');
CREATE TRIGGER config_versions_dense BEFORE INSERT ON config_versions
  FOR EACH ROW EXECUTE FUNCTION dense();
CREATE TRIGGER blobs_immutable BEFORE UPDATE ON blobs
  FOR EACH ROW EXECUTE FUNCTION refuse('contents are immutable');

-- A table of its own, so that reports do not change the revision of the gateway.
CREATE TABLE instances(
  gateway_id TEXT COLLATE "C" NOT NULL REFERENCES gateways(id),
  instance_id TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  report JSONB NOT NULL,
  PRIMARY KEY(gateway_id, instance_id)
) WITH (fillfactor = 70);

-- The answers of instances.
CREATE TABLE apply_history(
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  gateway_id TEXT COLLATE "C" NOT NULL REFERENCES gateways(id),
  instance_id TEXT NOT NULL,
  generation BIGINT NOT NULL,
  version BIGINT,
  outcome TEXT NOT NULL CHECK(outcome IN ('applied', 'rejected')),
  code TEXT,
  message TEXT
);
CREATE INDEX apply_history_gateway ON apply_history(gateway_id, seq);

CREATE TABLE tokens(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('access', 'gateway', 'bootstrap')),
  hash BYTEA NOT NULL UNIQUE CHECK(length(hash) = 32),
  hint TEXT NOT NULL,
  scope TEXT NOT NULL CHECK(scope IN ('admin', 'read', 'gateway')),
  gateway_id TEXT COLLATE "C" REFERENCES gateways(id),
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  CHECK((scope = 'gateway') = (gateway_id IS NOT NULL))
);
CREATE INDEX tokens_gateway ON tokens(gateway_id);

-- `detail` is JSON in the sealed form, so text. The trigger below assigns number and seal.
CREATE TABLE audit(
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  rev BIGINT,
  detail TEXT NOT NULL,
  hash BYTEA NOT NULL CHECK(length(hash) = 32)
);
CREATE INDEX audit_target ON audit(target, seq);
CREATE INDEX audit_actor ON audit(actor, seq);

CREATE FUNCTION part(text TEXT) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT int8send(octet_length(convert_to(text, 'UTF8'))::bigint) || convert_to(text, 'UTF8')
$$;

-- The seal of each row is computed over that of the previous row, so writers are serialized until
-- their commit. The statements after the lock see the rows that were committed meanwhile.
CREATE FUNCTION sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before RECORD;
BEGIN
  -- "ktau" in ASCII.
  PERFORM pg_advisory_xact_lock(1802789237);
  SELECT seq, hash INTO before FROM kt.audit ORDER BY seq DESC LIMIT 1;
  NEW.seq := coalesce(before.seq, 0) + 1;
  NEW.hash := sha256(convert_to('kt-audit-1', 'UTF8')
    || coalesce(before.hash, decode(repeat('00', 32), 'hex'))
    || kt.part(NEW.seq::text) || kt.part(NEW.at::text) || kt.part(NEW.actor)
    || kt.part(NEW.request_id) || kt.part(NEW.action) || kt.part(NEW.target)
    || kt.part(coalesce(NEW.rev::text, '')) || kt.part(NEW.detail));
  RETURN NEW;
END $$;

CREATE TRIGGER audit_sealed BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION sealed();
CREATE TRIGGER audit_immutable BEFORE UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse('the audit log is immutable');
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse('the audit log is kept');
CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse('the audit log is kept');

CREATE TABLE idempotency(
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint BYTEA NOT NULL CHECK(length(fingerprint) = 32),
  receipt JSONB NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY(actor, key)
);
CREATE INDEX idempotency_age ON idempotency(created_at);
