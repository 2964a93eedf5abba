-- Each batch in the order in which it was sealed: the entries of the Merkle
-- tree over all chains. `leaf` is the hash of the batch's record.
CREATE TABLE audit_sealed_batches (
    entry BIGINT NOT NULL PRIMARY KEY,
    chain TEXT NOT NULL,
    batch BIGINT NOT NULL,
    leaf BLOB NOT NULL
);
CREATE UNIQUE INDEX audit_sealed_batches_by_batch ON audit_sealed_batches (chain, batch);

-- What stands in the tiles above the lowest: a node of level n is the hash of
-- 256 of level n - 1, and of 256^n entries.
CREATE TABLE audit_tree_nodes (
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
);

-- Signed statements of how large the tree was and what was in it: now and then
-- one of those that were published, and the first of each log and key.
CREATE TABLE audit_checkpoints (
    number BIGINT NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kid TEXT NOT NULL,
    note TEXT NOT NULL
);

-- One row. Whoever seals locks it, and goes on only under the epoch of its
-- lease. `note` is the last checkpoint that was published, `cosigned` the last
-- that witnesses put their names to; `fork` says why nothing is sealed.
CREATE TABLE audit_tree (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    generation BIGINT NOT NULL,
    size BIGINT NOT NULL,
    published_size BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    cosigned TEXT NOT NULL,
    fork TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
);
INSERT INTO audit_tree VALUES (1, '', 1, 0, 0, 0, '', '', '', '', 0, 0);

CREATE TRIGGER audit_sealed_batches_are_not_changed BEFORE UPDATE ON audit_sealed_batches
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_sealed_batches_are_not_deleted BEFORE DELETE ON audit_sealed_batches
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_tree_nodes_are_not_changed BEFORE UPDATE ON audit_tree_nodes
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_tree_nodes_are_not_deleted BEFORE DELETE ON audit_tree_nodes
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_checkpoints_are_not_changed BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_checkpoints_are_not_deleted BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- A key that signs checkpoints signs nothing else.
ALTER TABLE signing_keys RENAME TO signing_keys_before;
DROP INDEX signing_keys_one_current;
DROP INDEX signing_keys_one_next;
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired', 'removed', 'revoked')),
    public_jwk TEXT NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('access_tokens', 'token_status', 'checkpoints')),
    current_from BIGINT,
    ended_at BIGINT
);
INSERT INTO signing_keys SELECT * FROM signing_keys_before;
DROP TABLE signing_keys_before;
CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (purpose, algorithm) WHERE state = 'current';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (purpose, algorithm) WHERE state = 'next';
