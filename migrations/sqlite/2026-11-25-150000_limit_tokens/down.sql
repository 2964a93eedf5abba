DROP TABLE limit_hours;
DROP TABLE token_limits;
