-- The last generation that an instance has applied or rejected, so that those that have not answered
-- a generation are found without reading all reports.

ALTER TABLE instances ADD COLUMN answered_generation INTEGER GENERATED ALWAYS AS (max(
  ifnull(json_extract(report, '$.applied.generation'), 0),
  ifnull(json_extract(report, '$.rejection.generation'), 0))) VIRTUAL;
CREATE INDEX instances_answered ON instances(gateway_id, answered_generation);

-- Instances that were deleted and came back had written a row of history with each report.
DELETE FROM apply_history WHERE seq IN (
  SELECT seq FROM (
    SELECT seq, row_number() OVER (PARTITION BY gateway_id ORDER BY seq DESC) AS place
    FROM apply_history) AS numbered
  WHERE place > 10000);
