-- Versions have no gaps: the newest one is looked up, because counting all of them took longer with
-- each version of a gateway.

DROP TRIGGER config_versions_dense;
CREATE TRIGGER config_versions_dense BEFORE INSERT ON config_versions
WHEN NEW.version <> 1 + ifnull(
  (SELECT max(version) FROM config_versions WHERE gateway_id = NEW.gateway_id), 0)
BEGIN SELECT RAISE(ABORT, 'config versions are dense'); END;
