-- Times are microseconds since 1970 in UTC. Names are kept in lower case beside
-- themselves (`name_key`), so that lists page and search by an index.
CREATE TABLE resources (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    identifier TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    token_lifetime_seconds BIGINT NOT NULL CHECK (token_lifetime_seconds BETWEEN 30 AND 86400),
    algorithm TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX resources_by_name ON resources (name_key, id);

CREATE TABLE scopes (
    resource_id TEXT COLLATE "C" NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (resource_id, name)
);

CREATE TABLE applications (
    client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    contact TEXT COLLATE "C" NOT NULL,
    active BOOLEAN NOT NULL,
    token_lifetime_seconds BIGINT CHECK (token_lifetime_seconds BETWEEN 30 AND 86400),
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX applications_by_name ON applications (name_key, client_id);

CREATE TABLE grants (
    client_id TEXT COLLATE "C" NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    resource_id TEXT COLLATE "C" NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    all_scopes BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, resource_id)
);
CREATE INDEX grants_by_resource ON grants (resource_id, client_id);

CREATE TABLE grant_scopes (
    client_id TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (client_id, resource_id, scope),
    FOREIGN KEY (client_id, resource_id) REFERENCES grants (client_id, resource_id) ON DELETE CASCADE,
    FOREIGN KEY (resource_id, scope) REFERENCES scopes (resource_id, name) ON DELETE CASCADE
);
CREATE INDEX grant_scopes_by_scope ON grant_scopes (resource_id, scope);

-- `digest` is the SHA-256 of the secret; the secret itself is kept nowhere.
CREATE TABLE secrets (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    hint TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX secrets_by_client ON secrets (client_id, id);

-- Every change of the registry counts `registry_version` up in its own
-- transaction, so the versions of `registry_changes` become visible in order.
-- `client_id` NULL: any client may be touched.
CREATE TABLE registry_version (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO registry_version (id, version) VALUES (1, 0);

CREATE TABLE registry_changes (
    version BIGINT NOT NULL PRIMARY KEY,
    client_id TEXT COLLATE "C"
);
