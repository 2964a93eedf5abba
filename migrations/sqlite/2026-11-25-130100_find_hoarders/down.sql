DROP INDEX usage_hours_many;
