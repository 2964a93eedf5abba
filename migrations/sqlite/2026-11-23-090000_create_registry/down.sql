DROP TABLE registry_changes;
DROP TABLE registry_version;
DROP TABLE secrets;
DROP TABLE grant_scopes;
DROP TABLE grants;
DROP TABLE applications;
DROP TABLE scopes;
DROP TABLE resources;
