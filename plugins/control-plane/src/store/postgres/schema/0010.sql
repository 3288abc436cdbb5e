-- The state of each gateway, and when it holds, so that the gateways in a state are found without
-- reading the others. A state changes with time, because leases end: it holds from `valid_from` to
-- before `valid_until`, and is derived from the reports of the instances at other times. Triggers
-- end the period of a state that may have changed, also when an older kt writes. A report that only
-- extends the lease does not set `report`.

CREATE TABLE gateway_states(
  gateway_id TEXT COLLATE "C" PRIMARY KEY REFERENCES gateways(id),
  name TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  generation BIGINT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  -- In seconds; the second in which the halt ends counts.
  halted_until BIGINT
) WITH (fillfactor = 70);

CREATE FUNCTION halted_until(halt JSONB) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN halt IS NOT NULL THEN coalesce(
    floor(extract(epoch FROM (halt ->> 'until')::timestamptz))::bigint, 9223372036854775807) END
$$;

INSERT INTO gateway_states
  SELECT id, name, 'offline', generation, 0,
    CASE WHEN EXISTS (SELECT FROM instances i WHERE i.gateway_id = g.id) THEN 0
      ELSE 9223372036854775807 END, halted_until(halt)
  FROM gateways g WHERE deleted_at IS NULL;
CREATE INDEX gateway_states_state ON gateway_states(state, name);
CREATE INDEX gateway_states_until ON gateway_states(valid_until)
  WHERE valid_until < 9223372036854775807;
CREATE INDEX gateway_states_from ON gateway_states(valid_from) WHERE valid_from > 0;
CREATE INDEX gateway_states_halted ON gateway_states(name, halted_until)
  WHERE halted_until IS NOT NULL;

-- Who derives a state from the reports locks its row before, and waits for nobody. The lock here
-- conflicts with that one only: reports of the same gateway do not wait for each other while the
-- period of its state is ended.
CREATE FUNCTION end_gateway_state(id TEXT, every_state BOOLEAN) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM kt.gateway_states WHERE gateway_id = id FOR KEY SHARE;
  UPDATE kt.gateway_states SET valid_until = 0
    WHERE gateway_id = id AND valid_until <> 0 AND (every_state OR state <> 'offline');
END $$;

CREATE FUNCTION gateway_state_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO kt.gateway_states VALUES(NEW.id, NEW.name, 'offline', NEW.generation, 0,
    9223372036854775807, kt.halted_until(NEW.halt));
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_states_added AFTER INSERT ON gateways
  FOR EACH ROW WHEN (NEW.deleted_at IS NULL) EXECUTE FUNCTION gateway_state_added();

CREATE FUNCTION gateway_state_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.deleted_at IS NOT NULL THEN
    DELETE FROM kt.gateway_states WHERE gateway_id = NEW.id;
    RETURN NULL;
  END IF;
  IF (OLD.name, OLD.halt) IS DISTINCT FROM (NEW.name, NEW.halt) THEN
    UPDATE kt.gateway_states SET name = NEW.name, halted_until = kt.halted_until(NEW.halt)
      WHERE gateway_id = NEW.id;
  END IF;
  -- Without a live instance the state is the same with every desired version.
  IF (OLD.generation, OLD.desired_version)
      IS DISTINCT FROM (NEW.generation, NEW.desired_version) THEN
    PERFORM kt.end_gateway_state(NEW.id, FALSE);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_states_changed AFTER UPDATE ON gateways
  FOR EACH ROW EXECUTE FUNCTION gateway_state_changed();

CREATE FUNCTION instance_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM kt.end_gateway_state(coalesce(NEW.gateway_id, OLD.gateway_id), TRUE);
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_states_instance AFTER INSERT OR DELETE OR UPDATE OF report ON instances
  FOR EACH ROW EXECUTE FUNCTION instance_changed();

-- Whether the processes on the same machine have ended is known without a report, so gateways with
-- such instances are always looked at.
ALTER TABLE instances ADD COLUMN boot_id TEXT
  GENERATED ALWAYS AS (report -> 'process' ->> 'boot_id') STORED;
CREATE INDEX instances_boot ON instances(boot_id) WHERE boot_id IS NOT NULL;
