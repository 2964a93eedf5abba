-- Reads the table once; others read and write meanwhile.
SET LOCAL statement_timeout = 0;
ALTER TABLE audit_events VALIDATE CONSTRAINT audit_events_bound;
