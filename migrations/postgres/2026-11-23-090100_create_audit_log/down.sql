DROP TABLE audit_chain_heads;
DROP TABLE audit_batches;
DROP TABLE audit_events;
DROP FUNCTION audit_log_is_append_only();
