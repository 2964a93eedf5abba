-- What is kept of the log. One row. Rows of batches below entry `minimum` of
-- the tree may go, and those below `deleted` are gone; batches and the tree
-- stay. While `hold` says why, nothing goes.
CREATE TABLE audit_retention (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    minimum BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    pruned_until BIGINT NOT NULL,
    pruned_at BIGINT NOT NULL,
    hold TEXT COLLATE "C" NOT NULL,
    held_by TEXT COLLATE "C" NOT NULL,
    held_at BIGINT NOT NULL
);
INSERT INTO audit_retention VALUES (1, 0, 0, 0, 0, '', '', 0);

-- The same by chain: the last batch whose rows may go.
CREATE TABLE audit_pruned_chains (
    chain TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL
);

CREATE FUNCTION audit_row_is_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.batch <= COALESCE((SELECT batch FROM audit_pruned_chains WHERE chain = OLD.chain), 0) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
DROP TRIGGER audit_events_are_append_only ON audit_events;
CREATE TRIGGER audit_events_are_append_only
BEFORE UPDATE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_events_are_kept
BEFORE DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_row_is_kept();
