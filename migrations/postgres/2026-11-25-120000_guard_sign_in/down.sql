DROP TABLE password_resets;
DROP TABLE invitations;
DROP TABLE sign_in_blocks;
DROP TABLE sign_in_tallies;
