-- An hour in which one secret fetched many tokens for one API from one address,
-- for the question who does not keep them.
CREATE INDEX usage_hours_many ON usage_hours (hour) WHERE reason = '' AND requests >= 60;
