DROP INDEX applications_by_creation;
CREATE INDEX applications_by_creation ON applications (created_at);
DROP INDEX secrets_by_last_use;
CREATE INDEX secrets_by_last_use ON secrets (last_used_at) WHERE revoked_at IS NULL;
