-- Halts: why instances refuse every request, and until when, beside the desired version.

ALTER TABLE gateways ADD COLUMN halt JSONB;
ALTER TABLE gateways ADD COLUMN halt_generation BIGINT NOT NULL DEFAULT 0;
