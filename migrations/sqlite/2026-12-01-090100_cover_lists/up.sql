-- Lists and counts that are answered by an index alone.
DROP INDEX applications_by_name;
CREATE INDEX applications_by_name ON applications (name_key, client_id, owner, active);
DROP INDEX grants_by_resource;
CREATE INDEX grants_by_resource ON grants (resource_id, all_scopes, client_id);
-- Whether an application has a secret that works.
CREATE INDEX secrets_standing ON secrets (client_id, expires_at) WHERE revoked_at IS NULL;
-- Few may introspect every token.
CREATE INDEX applications_that_introspect ON applications (name_key, client_id) WHERE introspects_any;
