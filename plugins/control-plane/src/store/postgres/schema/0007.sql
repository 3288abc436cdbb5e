-- Indexes for the filters of lists, so that a list costs what it returns.

CREATE INDEX audit_action ON audit(action, seq);

-- The times of each 1,024 rows of the audit log, which bound the numbers of the rows of an interval.
CREATE TABLE audit_spans(
  last_seq BIGINT PRIMARY KEY,
  min_at BIGINT NOT NULL,
  max_at BIGINT NOT NULL
);
INSERT INTO audit_spans
  SELECT ((seq - 1) / 1024 + 1) * 1024, min(at), max(at) FROM audit
  GROUP BY (seq - 1) / 1024
  HAVING ((seq - 1) / 1024 + 1) * 1024 <= (SELECT max(seq) FROM audit);
CREATE FUNCTION audit_span() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO kt.audit_spans SELECT NEW.seq, min(at), max(at) FROM kt.audit
    WHERE seq <= NEW.seq AND seq > (SELECT coalesce(max(last_seq), 0) FROM kt.audit_spans);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_span AFTER INSERT ON audit FOR EACH ROW WHEN (NEW.seq % 1024 = 0)
  EXECUTE FUNCTION audit_span();

-- The labels of gateways in the order of their names. Written by a trigger, also when an older kt
-- changes a gateway.
CREATE TABLE gateway_labels(
  key TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  gateway_id TEXT COLLATE "C" NOT NULL REFERENCES gateways(id),
  PRIMARY KEY(key, value, name)
);
CREATE INDEX gateway_labels_gateway ON gateway_labels(gateway_id);
INSERT INTO gateway_labels SELECT l.key, l.value, g.name, g.id
  FROM gateways g, jsonb_each_text(g.labels) l WHERE g.deleted_at IS NULL;
CREATE FUNCTION gateway_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM kt.gateway_labels WHERE gateway_id = NEW.id;
  END IF;
  IF NEW.deleted_at IS NULL THEN
    INSERT INTO kt.gateway_labels SELECT key, value, NEW.name, NEW.id
      FROM jsonb_each_text(NEW.labels);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_labels_added AFTER INSERT ON gateways
  FOR EACH ROW WHEN (NEW.labels <> '{}'::jsonb) EXECUTE FUNCTION gateway_labels();
CREATE TRIGGER gateway_labels_changed AFTER UPDATE ON gateways
  FOR EACH ROW WHEN ((OLD.name, OLD.labels, OLD.deleted_at)
    IS DISTINCT FROM (NEW.name, NEW.labels, NEW.deleted_at)) EXECUTE FUNCTION gateway_labels();

CREATE INDEX tokens_created ON tokens(created_at, id);
CREATE INDEX tokens_kind ON tokens(kind, created_at, id);
DROP INDEX tokens_gateway;
CREATE INDEX tokens_gateway ON tokens(gateway_id, created_at, id) WHERE gateway_id IS NOT NULL;
CREATE INDEX tokens_admin ON tokens(scope) WHERE scope = 'admin' AND revoked_at IS NULL;

-- The versions that need a content.
CREATE INDEX config_versions_blob ON config_versions(blob) WHERE pruned_at IS NULL;
