-- When a token was last used, to within five minutes.

ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
