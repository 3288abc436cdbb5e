-- Indexes for the filters of lists, so that a list costs what it returns.

CREATE INDEX audit_action ON audit(action, seq);

-- The times of each 1,024 rows of the audit log, which bound the numbers of the rows of an interval.
CREATE TABLE audit_spans(
  last_seq INTEGER PRIMARY KEY,
  min_at INTEGER NOT NULL,
  max_at INTEGER NOT NULL
) STRICT;
INSERT INTO audit_spans
  SELECT ((seq - 1) / 1024 + 1) * 1024 AS last_seq, min(at), max(at) FROM audit GROUP BY 1
  HAVING last_seq <= (SELECT max(seq) FROM audit);
CREATE TRIGGER audit_span AFTER INSERT ON audit WHEN NEW.seq % 1024 = 0
BEGIN
  INSERT INTO audit_spans SELECT NEW.seq, min(at), max(at) FROM audit
    WHERE seq <= NEW.seq AND seq > (SELECT ifnull(max(last_seq), 0) FROM audit_spans);
END;

-- The labels of gateways in the order of their names. Written by triggers, also when an older kt
-- changes a gateway.
CREATE TABLE gateway_labels(
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  name TEXT NOT NULL,
  gateway_id TEXT NOT NULL REFERENCES gateways(id),
  PRIMARY KEY(key, value, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX gateway_labels_gateway ON gateway_labels(gateway_id);
INSERT INTO gateway_labels SELECT l.key, l.value, g.name, g.id FROM gateways g, json_each(g.labels) l
  WHERE g.deleted_at IS NULL;
CREATE TRIGGER gateway_labels_added AFTER INSERT ON gateways WHEN NEW.deleted_at IS NULL
BEGIN
  INSERT INTO gateway_labels SELECT key, value, NEW.name, NEW.id FROM json_each(NEW.labels);
END;
CREATE TRIGGER gateway_labels_changed AFTER UPDATE OF name, labels, deleted_at ON gateways
WHEN OLD.name IS NOT NEW.name OR OLD.labels IS NOT NEW.labels
  OR OLD.deleted_at IS NOT NEW.deleted_at
BEGIN
  DELETE FROM gateway_labels WHERE gateway_id = NEW.id;
  INSERT INTO gateway_labels SELECT key, value, NEW.name, NEW.id FROM json_each(NEW.labels)
    WHERE NEW.deleted_at IS NULL;
END;

CREATE INDEX tokens_created ON tokens(created_at, id);
CREATE INDEX tokens_kind ON tokens(kind, created_at, id);
CREATE INDEX tokens_gateway ON tokens(gateway_id, created_at, id) WHERE gateway_id IS NOT NULL;
CREATE INDEX tokens_admin ON tokens(scope) WHERE scope = 'admin' AND revoked_at IS NULL;

-- The versions that need a content.
CREATE INDEX config_versions_blob ON config_versions(blob) WHERE pruned_at IS NULL;
