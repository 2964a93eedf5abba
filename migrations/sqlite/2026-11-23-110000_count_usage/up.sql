-- How much applications are used, counted from the log by whoever writes it, so
-- that no page reads the log to count. Texts are empty, not NULL, where nothing
-- is known: they are parts of keys.

-- By the hour since 1970. The nearest past only: it says which address used
-- which secret.
CREATE TABLE usage_hours (
    hour BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    address TEXT NOT NULL,
    reason TEXT NOT NULL,
    requests BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (hour, client_id, resource, secret_id, address, reason)
) WITHOUT ROWID;
CREATE INDEX usage_hours_by_client ON usage_hours (client_id, hour);
CREATE INDEX usage_hours_refused ON usage_hours (hour, client_id) WHERE reason <> '';
CREATE INDEX usage_hours_ghosts ON usage_hours (hour)
    WHERE reason IN ('secret_expired', 'secret_revoked', 'client_deleted');

-- By the day since 1970: which scope was granted or refused. `scope` is empty in
-- the row that counts the requests themselves.
CREATE TABLE usage_days (
    day BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (day, client_id, resource, scope)
) WITHOUT ROWID;
CREATE INDEX usage_days_by_client ON usage_days (client_id, resource, scope, day);
CREATE INDEX usage_days_by_resource ON usage_days (resource, scope, day, client_id);

-- All applications together.
CREATE TABLE traffic_hours (
    hour BIGINT NOT NULL,
    resource TEXT NOT NULL,
    reason TEXT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (hour, resource, reason)
) WITHOUT ROWID;

-- How far each chain of the log is counted. Counts are written in parts, each in
-- a transaction that moves this on, so that none is counted twice or forgotten:
-- up to `done` all are; up to `next`, those of the first `parts` parts.
CREATE TABLE usage_marks (
    chain TEXT NOT NULL PRIMARY KEY,
    done BIGINT NOT NULL,
    next BIGINT NOT NULL,
    parts BIGINT NOT NULL
);

-- What the overview looks for.
CREATE INDEX secrets_by_expiry ON secrets (expires_at) WHERE revoked_at IS NULL;
CREATE INDEX secrets_by_last_use ON secrets (last_used_at) WHERE revoked_at IS NULL;
CREATE INDEX secrets_never_used ON secrets (created_at) WHERE revoked_at IS NULL AND last_used_at IS NULL;

-- Secrets of applications that were deleted, so that it is seen when somebody
-- still presents one.
CREATE TABLE deleted_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    application TEXT NOT NULL,
    deleted_at BIGINT NOT NULL
);
CREATE INDEX deleted_secrets_by_client ON deleted_secrets (client_id);
CREATE INDEX applications_by_creation ON applications (created_at);
