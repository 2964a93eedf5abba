ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_bound;
DROP FUNCTION audit_month_after(BIGINT);
DROP FUNCTION audit_id_ms(TEXT);
DROP FUNCTION audit_first_id(BIGINT);
