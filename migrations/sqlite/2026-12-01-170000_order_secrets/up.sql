-- The oldest first, without a look at all of them.
CREATE INDEX secrets_by_age ON secrets (created_at, id) WHERE revoked_at IS NULL;
