DROP TRIGGER audit_events_are_not_changed;
CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
DROP TABLE audit_redactions;
