DROP TABLE approval_subjects;
DROP TABLE approval_requests;
DROP TABLE two_person_policy;
ALTER TABLE scopes DROP COLUMN sensitive;
ALTER TABLE resources DROP COLUMN sensitive;
