DROP TRIGGER audit_events_are_not_deleted;
CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
DROP TABLE audit_pruned_chains;
DROP TABLE audit_retention;
