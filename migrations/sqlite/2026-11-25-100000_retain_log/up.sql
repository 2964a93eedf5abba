-- What is kept of the log. One row. Rows of batches below entry `minimum` of
-- the tree may go, and those below `deleted` are gone; batches and the tree
-- stay. While `hold` says why, nothing goes.
CREATE TABLE audit_retention (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    minimum BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    pruned_until BIGINT NOT NULL,
    pruned_at BIGINT NOT NULL,
    hold TEXT NOT NULL,
    held_by TEXT NOT NULL,
    held_at BIGINT NOT NULL
);
INSERT INTO audit_retention VALUES (1, 0, 0, 0, 0, '', '', 0);

-- The same by chain: the last batch whose rows may go.
CREATE TABLE audit_pruned_chains (
    chain TEXT NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL
);

DROP TRIGGER audit_events_are_not_deleted;
CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
WHEN OLD.batch > COALESCE((SELECT batch FROM audit_pruned_chains WHERE chain = OLD.chain), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
