-- The state of each gateway, and when it holds, so that the gateways in a state are found without
-- reading the others. A state changes with time, because leases end: it holds from `valid_from` to
-- before `valid_until`, and is derived from the reports of the instances at other times. Triggers
-- end the period of a state that may have changed, also when an older kt writes. A report that only
-- extends the lease does not set `report`.

CREATE TABLE gateway_states(
  gateway_id TEXT PRIMARY KEY REFERENCES gateways(id),
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  generation INTEGER NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  -- In seconds; the second in which the halt ends counts.
  halted_until INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO gateway_states
  SELECT id, name, 'offline', generation, 0,
    CASE WHEN EXISTS (SELECT 1 FROM instances WHERE gateway_id = id) THEN 0
      ELSE 9223372036854775807 END,
    CASE WHEN halt IS NOT NULL
      THEN ifnull(unixepoch(json_extract(halt, '$.until')), 9223372036854775807) END
  FROM gateways WHERE deleted_at IS NULL;
CREATE INDEX gateway_states_state ON gateway_states(state, name);
CREATE INDEX gateway_states_until ON gateway_states(valid_until)
  WHERE valid_until < 9223372036854775807;
CREATE INDEX gateway_states_from ON gateway_states(valid_from) WHERE valid_from > 0;
CREATE INDEX gateway_states_halted ON gateway_states(name, halted_until)
  WHERE halted_until IS NOT NULL;

CREATE TRIGGER gateway_states_added AFTER INSERT ON gateways WHEN NEW.deleted_at IS NULL
BEGIN
  INSERT INTO gateway_states VALUES(NEW.id, NEW.name, 'offline', NEW.generation, 0,
    9223372036854775807, CASE WHEN NEW.halt IS NOT NULL
      THEN ifnull(unixepoch(json_extract(NEW.halt, '$.until')), 9223372036854775807) END);
END;
CREATE TRIGGER gateway_states_named AFTER UPDATE OF name ON gateways WHEN OLD.name IS NOT NEW.name
BEGIN
  UPDATE gateway_states SET name = NEW.name WHERE gateway_id = NEW.id;
END;
CREATE TRIGGER gateway_states_deleted AFTER UPDATE OF deleted_at ON gateways
WHEN NEW.deleted_at IS NOT NULL
BEGIN
  DELETE FROM gateway_states WHERE gateway_id = NEW.id;
END;
-- Without a live instance the state is the same with every desired version.
CREATE TRIGGER gateway_states_desired AFTER UPDATE OF generation, desired_version ON gateways
WHEN OLD.generation IS NOT NEW.generation OR OLD.desired_version IS NOT NEW.desired_version
BEGIN
  UPDATE gateway_states SET valid_until = 0
    WHERE gateway_id = NEW.id AND state <> 'offline' AND valid_until <> 0;
END;
CREATE TRIGGER gateway_states_halt AFTER UPDATE OF halt ON gateways WHEN OLD.halt IS NOT NEW.halt
BEGIN
  UPDATE gateway_states SET halted_until = CASE WHEN NEW.halt IS NOT NULL
      THEN ifnull(unixepoch(json_extract(NEW.halt, '$.until')), 9223372036854775807) END
    WHERE gateway_id = NEW.id;
END;
CREATE TRIGGER gateway_states_instance_added AFTER INSERT ON instances
BEGIN
  UPDATE gateway_states SET valid_until = 0 WHERE gateway_id = NEW.gateway_id AND valid_until <> 0;
END;
CREATE TRIGGER gateway_states_instance_changed AFTER UPDATE OF report ON instances
BEGIN
  UPDATE gateway_states SET valid_until = 0 WHERE gateway_id = NEW.gateway_id AND valid_until <> 0;
END;
CREATE TRIGGER gateway_states_instance_deleted AFTER DELETE ON instances
BEGIN
  UPDATE gateway_states SET valid_until = 0 WHERE gateway_id = OLD.gateway_id AND valid_until <> 0;
END;

-- Whether the processes on the same machine have ended is known without a report, so gateways with
-- such instances are always looked at.
ALTER TABLE instances ADD COLUMN boot_id TEXT
  GENERATED ALWAYS AS (json_extract(report, '$.process.boot_id')) VIRTUAL;
CREATE INDEX instances_boot ON instances(boot_id) WHERE boot_id IS NOT NULL;
