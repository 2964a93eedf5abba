-- Tokens that are not accepted although they have not expired. One row whatever
-- the size: a token, an application's, a secret's, an API's, a key's, or all.
-- `position` is the registry's version that the row was made at, so positions
-- become visible in their order. `subject` is empty for everything.
CREATE TABLE revocations (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('token', 'application', 'secret', 'resource', 'key', 'everything')),
    subject TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C",
    not_before BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- Found out after the commit; NULL until then: how many living tokens it
    -- touched, and until when the last may be accepted by a verifier that looks
    -- at lists and expiry alone.
    live_tokens BIGINT,
    accepted_until BIGINT
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);
CREATE INDEX revocations_by_subject ON revocations (kind, subject);

-- Who may introspect the tokens of an API.
CREATE TABLE introspectors (
    resource_id TEXT COLLATE "C" NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (resource_id, client_id)
);
CREATE INDEX introspectors_by_client ON introspectors (client_id);
ALTER TABLE applications ADD COLUMN introspects_any BOOLEAN NOT NULL DEFAULT FALSE;

-- What the gate demands: method, path pattern, scopes separated by spaces.
CREATE TABLE routes (
    resource_id TEXT COLLATE "C" NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    method TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (resource_id, method, path)
);
ALTER TABLE resources ADD COLUMN status_lists BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE resources ADD COLUMN access_records TEXT COLLATE "C" NOT NULL DEFAULT 'counted'
    CHECK (access_records IN ('counted', 'sampled', 'full'));

-- Token status lists. Processes lease indexes in blocks by counting `leased` up.
-- `resources` is the audience of its tokens, separated by spaces; one key signs
-- them all, and none lives longer than `longest_seconds`.
CREATE TABLE status_lists (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    resources TEXT COLLATE "C" NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    longest_seconds BIGINT NOT NULL,
    seed BYTEA NOT NULL,
    capacity BIGINT NOT NULL,
    leased BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closes_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX status_lists_by_expiry ON status_lists (expires_at);

-- One key, one purpose; and a key may be revoked. Of each there is one that signs
-- and one that is published to sign next. `ended_at`: retired or revoked then.
ALTER TABLE signing_keys ADD COLUMN purpose TEXT COLLATE "C" NOT NULL DEFAULT 'access_tokens'
    CHECK (purpose IN ('access_tokens', 'token_status'));
ALTER TABLE signing_keys DROP CONSTRAINT signing_keys_state_check;
ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_state_check
    CHECK (state IN ('next', 'current', 'retired', 'removed', 'revoked'));
ALTER TABLE signing_keys ADD COLUMN current_from BIGINT;
ALTER TABLE signing_keys ADD COLUMN ended_at BIGINT;
UPDATE signing_keys SET current_from = created_at WHERE state = 'current';
DROP INDEX signing_keys_one_current;
CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (purpose, algorithm) WHERE state = 'current';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (purpose, algorithm) WHERE state = 'next';

-- Accesses that a gate let through or refused are no acts of people.
DROP INDEX audit_events_acts;
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category NOT IN ('token', 'access');
