DROP TABLE former_secrets;
DROP TABLE application_spans;
DROP TABLE scope_spans;
DROP TABLE grant_spans;
DROP TABLE known_resources;
DROP TABLE known_applications;
