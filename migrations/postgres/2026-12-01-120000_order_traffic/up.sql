-- Reasons before APIs: hours are summed over all APIs in the order of the key.
ALTER TABLE traffic_hours DROP CONSTRAINT traffic_hours_pkey;
ALTER TABLE traffic_hours ADD PRIMARY KEY (hour, reason, resource);
