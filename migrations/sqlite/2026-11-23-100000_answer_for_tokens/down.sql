DROP INDEX audit_events_acts;
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category <> 'token';
ALTER TABLE signing_keys RENAME TO signing_keys_after;
DROP INDEX signing_keys_one_current;
DROP INDEX signing_keys_one_next;
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    public_jwk TEXT NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO signing_keys
SELECT kid, algorithm, state, public_jwk, sealed_private_key, created_at
FROM signing_keys_after WHERE purpose = 'access_tokens' AND state NOT IN ('removed', 'revoked');
DROP TABLE signing_keys_after;
CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (algorithm) WHERE state = 'current';
DROP TABLE status_lists;
ALTER TABLE resources DROP COLUMN access_records;
ALTER TABLE resources DROP COLUMN status_lists;
DROP TABLE routes;
ALTER TABLE applications DROP COLUMN introspects_any;
DROP TABLE introspectors;
DROP TABLE revocations;
