-- Developers care for the applications that they own.
ALTER TABLE administrators DROP CONSTRAINT administrators_role_check;
ALTER TABLE administrators ADD CONSTRAINT administrators_role_check CHECK (role IN ('owner', 'admin', 'developer', 'auditor'));

CREATE TABLE application_owners (
    client_id TEXT COLLATE "C" NOT NULL REFERENCES applications ON DELETE CASCADE,
    administrator_id TEXT COLLATE "C" NOT NULL REFERENCES administrators ON DELETE CASCADE,
    PRIMARY KEY (client_id, administrator_id)
);
CREATE INDEX application_owners_by_administrator ON application_owners (administrator_id);
