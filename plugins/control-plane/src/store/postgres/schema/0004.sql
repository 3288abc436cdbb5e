-- What is done about a gateway that serves something else than what it was told to.

ALTER TABLE gateways ADD COLUMN drift_policy TEXT NOT NULL DEFAULT 'report'
  CHECK(drift_policy IN ('report', 'repair'));
