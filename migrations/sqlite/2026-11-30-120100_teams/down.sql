DROP TABLE application_teams;
DROP TABLE team_members;
DROP TABLE teams;
