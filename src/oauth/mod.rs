//! The protocol, and nothing else: no HTTP types, no database, no clock, no
//! randomness. Every function here is a function of its arguments.
pub mod access_token;
pub mod algorithm;
pub mod bearer;
pub mod client;
pub mod client_auth;
pub mod client_credentials;
pub mod client_secret;
pub mod error;
pub mod form;
pub mod introspection;
pub mod limit;
pub mod metadata;
pub mod reason;
pub mod resource;
pub mod revocation;
pub mod revocation_feed;
pub mod scope;
pub mod status_list;
pub mod time;
pub mod token_response;

pub use error::Error;
pub use time::UnixTime;
