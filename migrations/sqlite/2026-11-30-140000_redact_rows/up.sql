-- Rows whose text and salt were taken away, and the row that says why. What is
-- left of them is the hash that their batch has of them.
CREATE TABLE audit_redactions (
    id TEXT NOT NULL PRIMARY KEY,
    act TEXT NOT NULL
);
CREATE TRIGGER audit_redactions_are_not_changed BEFORE UPDATE ON audit_redactions
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_redactions_are_not_deleted BEFORE DELETE ON audit_redactions
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

DROP TRIGGER audit_events_are_not_changed;
CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
WHEN NOT (
    length(OLD.salt) = 16 AND length(NEW.salt) = 32
    AND NEW.body = '{"v":1,"id":"' || OLD.id || '","at":' || OLD.at || ',"code":"' || OLD.code
        || '","outcome":"' || OLD.outcome || '","actor":{"kind":"redacted"},"source":{},"detail":"redacted"}'
    AND NEW.reason IS NULL AND NEW.client_id IS NULL AND NEW.resource IS NULL
    AND NEW.chain = OLD.chain AND NEW.position = OLD.position AND NEW.batch = OLD.batch
    AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.category = OLD.category
    AND NEW.code = OLD.code AND NEW.outcome = OLD.outcome
    AND EXISTS (SELECT 1 FROM audit_redactions r WHERE r.id = OLD.id)
)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
