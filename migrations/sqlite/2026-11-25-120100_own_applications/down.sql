DROP TABLE application_owners;
ALTER TABLE administrators ADD COLUMN role_named TEXT NOT NULL DEFAULT 'auditor' CHECK (role_named IN ('owner', 'admin', 'auditor'));
UPDATE administrators SET role_named = CASE role WHEN 'developer' THEN 'auditor' ELSE role END;
ALTER TABLE administrators DROP COLUMN role;
ALTER TABLE administrators RENAME COLUMN role_named TO role;
