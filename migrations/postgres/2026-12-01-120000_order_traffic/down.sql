ALTER TABLE traffic_hours DROP CONSTRAINT traffic_hours_pkey;
ALTER TABLE traffic_hours ADD PRIMARY KEY (hour, resource, reason);
