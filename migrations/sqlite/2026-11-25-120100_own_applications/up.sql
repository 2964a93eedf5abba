-- Developers care for the applications that they own.
ALTER TABLE administrators ADD COLUMN role_named TEXT NOT NULL DEFAULT 'auditor' CHECK (role_named IN ('owner', 'admin', 'developer', 'auditor'));
UPDATE administrators SET role_named = role;
ALTER TABLE administrators DROP COLUMN role;
ALTER TABLE administrators RENAME COLUMN role_named TO role;

CREATE TABLE application_owners (
    client_id TEXT NOT NULL REFERENCES applications ON DELETE CASCADE,
    administrator_id TEXT NOT NULL REFERENCES administrators ON DELETE CASCADE,
    PRIMARY KEY (client_id, administrator_id)
);
CREATE INDEX application_owners_by_administrator ON application_owners (administrator_id);
