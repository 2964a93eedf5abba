mod client_authentication;
mod limits;
mod metadata;
mod outside_client;
mod token;
mod whoami;
