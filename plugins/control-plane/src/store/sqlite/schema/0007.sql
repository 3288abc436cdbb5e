-- When a token was last used, give or take five minutes.

ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
