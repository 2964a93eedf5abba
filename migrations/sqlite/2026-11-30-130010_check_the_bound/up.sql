-- PostgreSQL alone divides the log by months: a table of SQLite has no parts, and a file
-- gives nothing back when some of it goes.
SELECT 1;
