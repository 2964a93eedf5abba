-- One row for everything that happened. `body` is the event as it was hashed;
-- the other columns are copies of parts of it, to search by.
CREATE TABLE audit_events (
    chain TEXT NOT NULL,
    position BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    category TEXT NOT NULL,
    code TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    client_id TEXT,
    resource TEXT,
    body TEXT NOT NULL,
    salt BLOB NOT NULL,
    PRIMARY KEY (chain, position)
);
CREATE UNIQUE INDEX audit_events_by_id ON audit_events (id);
CREATE INDEX audit_events_by_client ON audit_events (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_refused ON audit_events (id) WHERE outcome <> 'success';
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category <> 'token';

-- What one commit wrote: the Merkle root of its rows, chained to the batch
-- before it of the same chain.
CREATE TABLE audit_batches (
    chain TEXT NOT NULL,
    batch BIGINT NOT NULL,
    first_position BIGINT NOT NULL,
    events BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    root BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, batch)
);

-- Whoever appends to a chain locks its head first.
CREATE TABLE audit_chain_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BLOB NOT NULL
);

CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_batches_are_not_changed BEFORE UPDATE ON audit_batches
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_batches_are_not_deleted BEFORE DELETE ON audit_batches
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
