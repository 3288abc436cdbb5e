-- Bootstrap tokens: each creates one gateway, which consumes it and is referred to by it.

ALTER TABLE tokens DROP CONSTRAINT tokens_scope_check, DROP CONSTRAINT tokens_check;
ALTER TABLE tokens
  ADD CONSTRAINT tokens_scope_check CHECK(scope IN ('admin', 'read', 'gateway', 'bootstrap')),
  ADD CONSTRAINT tokens_gateway_check
    CHECK(scope = 'bootstrap' OR (scope = 'gateway') = (gateway_id IS NOT NULL)),
  ADD CONSTRAINT tokens_bootstrap_ends CHECK(scope <> 'bootstrap' OR expires_at IS NOT NULL),
  ADD CONSTRAINT tokens_bootstrap_spent
    CHECK(scope <> 'bootstrap' OR gateway_id IS NULL OR revoked_at IS NOT NULL);
