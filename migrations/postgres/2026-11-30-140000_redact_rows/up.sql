-- Rows whose text and salt were taken away, and the row that says why. What is
-- left of them is the hash that their batch has of them.
CREATE TABLE audit_redactions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    act TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER audit_redactions_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_redactions
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_redactions FROM PUBLIC;

CREATE FUNCTION audit_row_is_redacted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF octet_length(OLD.salt) = 16 AND octet_length(NEW.salt) = 32
        AND NEW.body = '{"v":1,"id":"' || OLD.id || '","at":' || OLD.at || ',"code":"' || OLD.code
            || '","outcome":"' || OLD.outcome || '","actor":{"kind":"redacted"},"source":{},"detail":"redacted"}'
        AND NEW.reason IS NULL AND NEW.client_id IS NULL AND NEW.resource IS NULL
        AND NEW.chain = OLD.chain AND NEW.position = OLD.position AND NEW.batch = OLD.batch
        AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.category = OLD.category
        AND NEW.code = OLD.code AND NEW.outcome = OLD.outcome
        AND EXISTS (SELECT 1 FROM audit_redactions r WHERE r.id = OLD.id)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
DROP TRIGGER audit_events_are_append_only ON audit_events;
CREATE TRIGGER audit_events_are_append_only
BEFORE TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_events_are_only_redacted
BEFORE UPDATE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_row_is_redacted();
