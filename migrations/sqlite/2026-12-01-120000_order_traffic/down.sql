CREATE TABLE traffic_hours_by_resource (
    hour BIGINT NOT NULL,
    resource TEXT NOT NULL,
    reason TEXT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (hour, resource, reason)
) WITHOUT ROWID;
INSERT INTO traffic_hours_by_resource (hour, resource, reason, requests)
    SELECT hour, resource, reason, requests FROM traffic_hours;
DROP TABLE traffic_hours;
ALTER TABLE traffic_hours_by_resource RENAME TO traffic_hours;
