-- Each batch in the order in which it was sealed: the entries of the Merkle
-- tree over all chains. `leaf` is the hash of the batch's record.
CREATE TABLE audit_sealed_batches (
    entry BIGINT NOT NULL PRIMARY KEY,
    chain TEXT COLLATE "C" NOT NULL,
    batch BIGINT NOT NULL,
    leaf BYTEA NOT NULL
);
CREATE UNIQUE INDEX audit_sealed_batches_by_batch ON audit_sealed_batches (chain, batch);

-- What stands in the tiles above the lowest: a node of level n is the hash of
-- 256 of level n - 1, and of 256^n entries.
CREATE TABLE audit_tree_nodes (
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (level, position)
);

-- Signed statements of how large the tree was and what was in it: now and then
-- one of those that were published, and the first of each log and key.
CREATE TABLE audit_checkpoints (
    number BIGINT NOT NULL PRIMARY KEY,
    origin TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL
);

-- One row. Whoever seals locks it, and goes on only under the epoch of its
-- lease. `note` is the last checkpoint that was published, `cosigned` the last
-- that witnesses put their names to; `fork` says why nothing is sealed.
CREATE TABLE audit_tree (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    size BIGINT NOT NULL,
    published_size BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    cosigned TEXT COLLATE "C" NOT NULL,
    fork TEXT COLLATE "C" NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
);
INSERT INTO audit_tree VALUES (1, '', 1, 0, 0, 0, '', '', '', '', 0, 0);

CREATE TRIGGER audit_sealed_batches_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_sealed_batches
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_tree_nodes_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tree_nodes
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_checkpoints_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_sealed_batches, audit_tree_nodes, audit_checkpoints
FROM PUBLIC;

-- A key that signs checkpoints signs nothing else.
ALTER TABLE signing_keys DROP CONSTRAINT signing_keys_purpose_check;
ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_purpose_check
    CHECK (purpose IN ('access_tokens', 'token_status', 'checkpoints'));
