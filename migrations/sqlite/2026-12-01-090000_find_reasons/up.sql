-- Why something was refused is asked for by itself. Tokens that were issued have no
-- reason, and no entry here.
CREATE INDEX audit_events_by_reason ON audit_events (reason, id) WHERE reason IS NOT NULL;
