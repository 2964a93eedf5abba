-- What was held from when until when, so that the past can be asked. Written in
-- the transaction of the act; nothing here refers to rows that may be deleted.
-- A span holds from `valid_from` to before `valid_until`, or still when that is
-- NULL. `begun_by` and `ended_by` are the ids of the acts in the audit log;
-- `begun_by` is empty for what was there before this was kept.

-- Every application and API that ever was, by the name it had last.
CREATE TABLE known_applications (
    client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX known_applications_by_name ON known_applications (name_key, client_id);

CREATE TABLE known_resources (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    identifier TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX known_resources_by_name ON known_resources (name_key, id);
CREATE INDEX known_resources_by_identifier ON known_resources (identifier);

-- `api`: the application may call it; `all`: with every scope it has and gets;
-- `scope`: with this one. `scope` is empty for the first two.
CREATE TABLE grant_spans (
    client_id TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('api', 'all', 'scope')),
    scope TEXT COLLATE "C" NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    begun_by TEXT COLLATE "C" NOT NULL,
    ended_by TEXT COLLATE "C",
    PRIMARY KEY (client_id, resource_id, kind, scope, begun_by)
);
CREATE INDEX grant_spans_by_resource ON grant_spans (resource_id, kind, scope, client_id);
CREATE INDEX grant_spans_by_begin ON grant_spans (valid_from);

-- The scopes that an API has.
CREATE TABLE scope_spans (
    resource_id TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    begun_by TEXT COLLATE "C" NOT NULL,
    ended_by TEXT COLLATE "C",
    PRIMARY KEY (resource_id, scope, begun_by)
);
CREATE INDEX scope_spans_by_scope ON scope_spans (scope);

-- When an application was active or suspended; after the last, deleted.
CREATE TABLE application_spans (
    client_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'suspended')),
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    begun_by TEXT COLLATE "C" NOT NULL,
    ended_by TEXT COLLATE "C",
    PRIMARY KEY (client_id, begun_by)
);

-- When secrets of deleted applications worked.
ALTER TABLE deleted_secrets ADD COLUMN created_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE deleted_secrets ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deleted_secrets ADD COLUMN expires_at BIGINT;
ALTER TABLE deleted_secrets ADD COLUMN revoked_at BIGINT;
ALTER TABLE deleted_secrets ADD COLUMN last_used_at BIGINT;

INSERT INTO known_applications
SELECT client_id, name, name_key, owner, created_at, NULL FROM applications;
INSERT INTO known_resources
SELECT id, identifier, name, name_key, created_at, NULL FROM resources;
INSERT INTO grant_spans
SELECT client_id, resource_id, 'api', '', created_at, NULL, '', NULL FROM grants;
INSERT INTO grant_spans
SELECT client_id, resource_id, 'all', '', created_at, NULL, '', NULL FROM grants WHERE all_scopes;
INSERT INTO grant_spans
SELECT s.client_id, s.resource_id, 'scope', s.scope, g.created_at, NULL, '', NULL
FROM grant_scopes s
JOIN grants g ON g.client_id = s.client_id AND g.resource_id = s.resource_id;
INSERT INTO scope_spans
SELECT resource_id, name, created_at, NULL, '', NULL FROM scopes;
INSERT INTO application_spans
SELECT client_id, CASE WHEN active THEN 'active' ELSE 'suspended' END, created_at, NULL, '', NULL
FROM applications;
