-- Halts: why instances refuse every request, and until when, beside the desired version.

ALTER TABLE gateways ADD COLUMN halt TEXT CHECK(halt IS NULL OR json_valid(halt));
ALTER TABLE gateways ADD COLUMN halt_generation INTEGER NOT NULL DEFAULT 0;
