-- How many tokens an application may have, or may be issued for a resource.
-- `subject` is a client id, or the identifier of a resource.
CREATE TABLE token_limits (
    kind TEXT NOT NULL CHECK (kind IN ('application', 'resource')),
    subject TEXT NOT NULL,
    per_minute BIGINT CHECK (per_minute > 0),
    per_day BIGINT CHECK (per_day > 0),
    watched BOOLEAN NOT NULL,
    PRIMARY KEY (kind, subject),
    CHECK (per_minute IS NOT NULL OR per_day IS NOT NULL)
);

-- Who was refused by a limit, or would have been: by hour since 1970, UTC.
CREATE TABLE limit_hours (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    hour BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    refused BIGINT NOT NULL,
    watched BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, hour, client_id)
);
CREATE INDEX limit_hours_by_hour ON limit_hours (hour);
