DROP TABLE deleted_secrets;
DROP INDEX secrets_never_used;
DROP INDEX secrets_by_last_use;
DROP INDEX secrets_by_expiry;
DROP TABLE usage_marks;
DROP TABLE traffic_hours;
DROP TABLE usage_days;
DROP TABLE usage_hours;
