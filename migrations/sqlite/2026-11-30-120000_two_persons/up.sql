-- What may be granted only by two persons.
ALTER TABLE resources ADD COLUMN sensitive BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE scopes ADD COLUMN sensitive BOOLEAN NOT NULL DEFAULT FALSE;

-- Which acts that belong to no API need two persons, separated by commas, and
-- how many days they may wait. Written by a server that starts.
CREATE TABLE two_person_policy (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    acts TEXT NOT NULL,
    request_days BIGINT NOT NULL
);
INSERT INTO two_person_policy (id, acts, request_days) VALUES (1, '', 7);

-- Acts that wait for a second person, and what became of them. `proposal` is
-- the act as JSON, `changes` its fields before and after.
CREATE TABLE approval_requests (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'refused', 'withdrawn', 'expired')),
    proposal TEXT NOT NULL,
    changes TEXT NOT NULL,
    target_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_by_name TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at BIGINT,
    decision_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX approval_requests_by_state ON approval_requests (state, id);

-- What a request is about, to be found from there.
CREATE TABLE approval_subjects (
    request_id TEXT NOT NULL REFERENCES approval_requests ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('application', 'resource', 'administrator', 'signing_key')),
    subject TEXT NOT NULL,
    PRIMARY KEY (request_id, kind, subject)
);
CREATE INDEX approval_subjects_by_subject ON approval_subjects (kind, subject);
