-- Versions can be pinned, and the contents of others pruned, without deleting the versions. `meta`
-- has a row `pruning` only while contents are deleted, which other transactions do not see.

ALTER TABLE config_versions DROP CONSTRAINT config_versions_blob_fkey;
ALTER TABLE config_versions
  ADD COLUMN pinned BOOLEAN NOT NULL DEFAULT FALSE,
  ADD COLUMN pruned_at BIGINT,
  ADD CONSTRAINT config_versions_blob_check CHECK(length(blob) = 32),
  ADD CONSTRAINT config_versions_pinned CHECK(NOT pinned OR pruned_at IS NULL);

CREATE FUNCTION unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.gateway_id, OLD.version, OLD.sha256, OLD.blob, OLD.size, OLD.author, OLD.created_at,
      OLD.origin, OLD.reverts_to, OLD.source, OLD.message)
    IS DISTINCT FROM (NEW.gateway_id, NEW.version, NEW.sha256, NEW.blob, NEW.size, NEW.author,
      NEW.created_at, NEW.origin, NEW.reverts_to, NEW.source, NEW.message)
    OR OLD.pruned_at <> coalesce(NEW.pruned_at, 0) THEN
    RAISE EXCEPTION 'config versions are immutable' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.pruned_at IS NOT NULL AND EXISTS (
      SELECT FROM kt.gateways WHERE id = NEW.gateway_id AND desired_version = NEW.version) THEN
    RAISE EXCEPTION 'desired versions are kept' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER config_versions_immutable ON config_versions;
CREATE TRIGGER config_versions_immutable BEFORE UPDATE ON config_versions
  FOR EACH ROW EXECUTE FUNCTION unchanged();

CREATE FUNCTION pruning() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM kt.meta WHERE k = 'pruning') THEN
    RAISE EXCEPTION 'contents are kept' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$;

CREATE TRIGGER blobs_kept BEFORE DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION pruning();
CREATE TRIGGER blobs_whole BEFORE TRUNCATE ON blobs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse('contents are kept');
