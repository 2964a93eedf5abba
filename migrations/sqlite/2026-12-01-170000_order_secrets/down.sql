DROP INDEX secrets_by_age;
