DROP INDEX audit_events_acts_by_code;
DROP INDEX audit_events_acts_by_actor;
DROP INDEX audit_events_acts_by_target;
DROP INDEX audit_events_acts_by_client;
