DROP TRIGGER audit_events_are_kept ON audit_events;
DROP TRIGGER audit_events_are_append_only ON audit_events;
CREATE TRIGGER audit_events_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
DROP FUNCTION audit_row_is_kept();
DROP TABLE audit_pruned_chains;
DROP TABLE audit_retention;
