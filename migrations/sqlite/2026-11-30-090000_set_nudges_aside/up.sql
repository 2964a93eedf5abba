-- Things to look at that somebody set aside for a time. `client_id` and
-- `subject` are empty, not NULL, where there is none: they are parts of the key.
CREATE TABLE dismissals (
    kind TEXT NOT NULL,
    client_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    said TEXT NOT NULL,
    dismissed_by TEXT NOT NULL,
    dismissed_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (kind, client_id, subject)
);
CREATE INDEX dismissals_by_client ON dismissals (client_id);
CREATE INDEX dismissals_by_end ON dismissals (ends_at);
