-- Tokens that are not accepted although they have not expired. One row whatever
-- the size: a token, an application's, a secret's, an API's, a key's, or all.
-- `position` is the registry's version that the row was made at, so positions
-- become visible in their order. `subject` is empty for everything.
CREATE TABLE revocations (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('token', 'application', 'secret', 'resource', 'key', 'everything')),
    subject TEXT NOT NULL,
    client_id TEXT,
    not_before BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
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
    resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES applications (client_id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (resource_id, client_id)
);
CREATE INDEX introspectors_by_client ON introspectors (client_id);
ALTER TABLE applications ADD COLUMN introspects_any BOOLEAN NOT NULL DEFAULT FALSE;

-- What the gate demands: method, path pattern, scopes separated by spaces.
CREATE TABLE routes (
    resource_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (resource_id, method, path)
);
ALTER TABLE resources ADD COLUMN status_lists BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE resources ADD COLUMN access_records TEXT NOT NULL DEFAULT 'counted'
    CHECK (access_records IN ('counted', 'sampled', 'full'));

-- Token status lists. Processes lease indexes in blocks by counting `leased` up.
-- `resources` is the audience of its tokens, separated by spaces; one key signs
-- them all, and none lives longer than `longest_seconds`.
CREATE TABLE status_lists (
    id TEXT NOT NULL PRIMARY KEY,
    resources TEXT NOT NULL,
    kid TEXT NOT NULL,
    longest_seconds BIGINT NOT NULL,
    seed BLOB NOT NULL,
    capacity BIGINT NOT NULL,
    leased BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closes_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX status_lists_by_expiry ON status_lists (expires_at);

-- One key, one purpose; and a key may be revoked. Of each there is one that signs
-- and one that is published to sign next. `ended_at`: retired or revoked then.
ALTER TABLE signing_keys RENAME TO signing_keys_before;
DROP INDEX signing_keys_one_current;
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired', 'removed', 'revoked')),
    public_jwk TEXT NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('access_tokens', 'token_status')),
    current_from BIGINT,
    ended_at BIGINT
);
INSERT INTO signing_keys
SELECT kid, algorithm, state, public_jwk, sealed_private_key, created_at, 'access_tokens',
    CASE WHEN state = 'current' THEN created_at END, NULL
FROM signing_keys_before;
DROP TABLE signing_keys_before;
CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (purpose, algorithm) WHERE state = 'current';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (purpose, algorithm) WHERE state = 'next';

-- Accesses that a gate let through or refused are no acts of people.
DROP INDEX audit_events_acts;
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category NOT IN ('token', 'access');
