-- An import computes the seals of its rows itself, many at a time. `meta` has a row `importing` only
-- while it inserts them, which other transactions do not see.

CREATE OR REPLACE FUNCTION sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before RECORD;
BEGIN
  IF NEW.hash IS NOT NULL AND EXISTS (SELECT FROM kt.meta WHERE k = 'importing') THEN
    RETURN NEW;
  END IF;
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
