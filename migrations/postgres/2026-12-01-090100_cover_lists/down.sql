DROP INDEX applications_that_introspect;
DROP INDEX secrets_standing;
DROP INDEX grants_by_resource;
CREATE INDEX grants_by_resource ON grants (resource_id, client_id);
DROP INDEX applications_by_name;
CREATE INDEX applications_by_name ON applications (name_key, client_id);
