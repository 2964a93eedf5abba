DROP TRIGGER audit_events_are_only_redacted ON audit_events;
DROP FUNCTION audit_row_is_redacted();
DROP TRIGGER audit_events_are_append_only ON audit_events;
CREATE TRIGGER audit_events_are_append_only
BEFORE UPDATE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
DROP TABLE audit_redactions;
