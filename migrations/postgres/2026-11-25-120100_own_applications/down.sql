DROP TABLE application_owners;
ALTER TABLE administrators DROP CONSTRAINT administrators_role_check;
UPDATE administrators SET role = 'auditor' WHERE role = 'developer';
ALTER TABLE administrators ADD CONSTRAINT administrators_role_check CHECK (role IN ('owner', 'admin', 'auditor'));
