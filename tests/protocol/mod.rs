mod client_authentication;
mod limits;
mod metadata;
mod token;
mod whoami;
