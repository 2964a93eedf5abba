DROP INDEX audit_events_acts;
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category <> 'token';
DELETE FROM signing_keys WHERE purpose <> 'access_tokens' OR state IN ('removed', 'revoked');
DROP INDEX signing_keys_one_current;
ALTER TABLE signing_keys DROP CONSTRAINT signing_keys_state_check;
ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_state_check
    CHECK (state IN ('next', 'current', 'retired'));
DROP INDEX signing_keys_one_next;
ALTER TABLE signing_keys DROP COLUMN current_from;
ALTER TABLE signing_keys DROP COLUMN ended_at;
ALTER TABLE signing_keys DROP COLUMN purpose;
CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (algorithm) WHERE state = 'current';
DROP TABLE status_lists;
ALTER TABLE resources DROP COLUMN access_records;
ALTER TABLE resources DROP COLUMN status_lists;
DROP TABLE routes;
ALTER TABLE applications DROP COLUMN introspects_any;
DROP TABLE introspectors;
DROP TABLE revocations;
