DROP FUNCTION audit_drop_part();
DROP FUNCTION audit_make_parts(BIGINT, INTEGER);
DROP VIEW audit_parts;
DROP FUNCTION audit_new_part(TEXT);
DROP FUNCTION audit_arm_part(TEXT);

CREATE TABLE audit_events_whole (LIKE audit_events);
INSERT INTO audit_events_whole SELECT * FROM audit_events;
DROP TABLE audit_events;
ALTER TABLE audit_events_whole RENAME TO audit_events;
ALTER TABLE audit_events ADD CONSTRAINT audit_events_pkey PRIMARY KEY (chain, position);
CREATE UNIQUE INDEX audit_events_by_id ON audit_events (id);
CREATE INDEX audit_events_by_client ON audit_events (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_refused ON audit_events (id) WHERE outcome <> 'success';
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_client ON audit_events (client_id, id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_target ON audit_events ((body::json #>> '{target,id}'), id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_actor ON audit_events ((body::json #>> '{actor,name}'), id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_code ON audit_events (code, id) WHERE category NOT IN ('token', 'access');
CREATE TRIGGER audit_events_are_append_only
BEFORE UPDATE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_events_are_kept
BEFORE DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_row_is_kept();
