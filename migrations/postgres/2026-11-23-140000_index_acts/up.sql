-- Acts are found by whose they are, what they were done to and what they were.
CREATE INDEX audit_events_acts_by_client ON audit_events (client_id, id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_target ON audit_events ((body::json #>> '{target,id}'), id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_actor ON audit_events ((body::json #>> '{actor,name}'), id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_code ON audit_events (code, id) WHERE category NOT IN ('token', 'access');
