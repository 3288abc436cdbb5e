-- Seals: each audit row gets a hash over itself and the hash of the previous row. An older kt
-- continues to write rows without a seal, which the next newer one seals.

ALTER TABLE audit ADD COLUMN hash BLOB CHECK(hash IS NULL OR length(hash) = 32);

DROP TRIGGER audit_immutable;
CREATE TRIGGER audit_immutable BEFORE UPDATE ON audit
WHEN OLD.hash IS NOT NULL OR NEW.hash IS NULL
  OR OLD.seq IS NOT NEW.seq OR OLD.at IS NOT NEW.at OR OLD.actor IS NOT NEW.actor
  OR OLD.request_id IS NOT NEW.request_id OR OLD.action IS NOT NEW.action
  OR OLD.target IS NOT NEW.target OR OLD.rev IS NOT NEW.rev OR OLD.detail IS NOT NEW.detail
BEGIN SELECT RAISE(ABORT, 'the audit log is immutable'); END;

CREATE INDEX audit_unsealed ON audit(seq) WHERE hash IS NULL;
CREATE INDEX audit_actor ON audit(actor, seq);
