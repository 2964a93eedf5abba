-- Sets of people who care for applications together.
CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE team_members (
    team_id TEXT NOT NULL REFERENCES teams ON DELETE CASCADE,
    administrator_id TEXT NOT NULL REFERENCES administrators ON DELETE CASCADE,
    PRIMARY KEY (team_id, administrator_id)
);
CREATE INDEX team_members_by_administrator ON team_members (administrator_id);
CREATE TABLE application_teams (
    client_id TEXT NOT NULL REFERENCES applications ON DELETE CASCADE,
    team_id TEXT NOT NULL REFERENCES teams ON DELETE CASCADE,
    PRIMARY KEY (client_id, team_id)
);
CREATE INDEX application_teams_by_team ON application_teams (team_id);
