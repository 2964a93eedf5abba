-- A secret that was never used is none that was used long ago: SQLite sorted all of
-- the former instead of reading secrets_never_used.
DROP INDEX secrets_by_last_use;
CREATE INDEX secrets_by_last_use ON secrets (last_used_at) WHERE revoked_at IS NULL AND last_used_at IS NOT NULL;
-- Many are made in the same moment by an import.
DROP INDEX applications_by_creation;
CREATE INDEX applications_by_creation ON applications (created_at, client_id);
