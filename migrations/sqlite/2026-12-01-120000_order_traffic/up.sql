-- Reasons before APIs: hours are summed over all APIs in the order of the key.
CREATE TABLE traffic_hours_by_reason (
    hour BIGINT NOT NULL,
    reason TEXT NOT NULL,
    resource TEXT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (hour, reason, resource)
) WITHOUT ROWID;
INSERT INTO traffic_hours_by_reason (hour, reason, resource, requests)
    SELECT hour, reason, resource, requests FROM traffic_hours;
DROP TABLE traffic_hours;
ALTER TABLE traffic_hours_by_reason RENAME TO traffic_hours;
