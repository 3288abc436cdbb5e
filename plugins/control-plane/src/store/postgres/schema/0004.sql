-- What the control plane does about drift.

ALTER TABLE gateways ADD COLUMN drift_policy TEXT NOT NULL DEFAULT 'report'
  CHECK(drift_policy IN ('report', 'repair'));
