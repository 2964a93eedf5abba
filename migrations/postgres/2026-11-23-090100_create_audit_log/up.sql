-- One row for everything that happened. `body` is the event as it was hashed;
-- the other columns are copies of parts of it, to search by.
CREATE TABLE audit_events (
    chain TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    client_id TEXT COLLATE "C",
    resource TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL,
    PRIMARY KEY (chain, position)
);
CREATE UNIQUE INDEX audit_events_by_id ON audit_events (id);
CREATE INDEX audit_events_by_client ON audit_events (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_refused ON audit_events (id) WHERE outcome <> 'success';
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category <> 'token';

-- What one commit wrote: the Merkle root of its rows, chained to the batch
-- before it of the same chain.
CREATE TABLE audit_batches (
    chain TEXT COLLATE "C" NOT NULL,
    batch BIGINT NOT NULL,
    first_position BIGINT NOT NULL,
    events BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    root BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (chain, batch)
);

-- Whoever appends to a chain locks its head first.
CREATE TABLE audit_chain_heads (
    chain TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;

CREATE TRIGGER audit_events_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_batches_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_batches
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

-- For the role the server runs as; the owner of the tables keeps its rights and
-- is needed for migrations only.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_events, audit_batches FROM PUBLIC;
