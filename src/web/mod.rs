//! What every HTTP face needs; each file names a thing of HTTP.
pub mod acceptance;
pub mod actor;
pub mod app;
pub mod device;
pub mod emergency;
pub mod hashing;
pub mod opening;
pub mod peer;
pub mod relying_party;
pub mod same_origin;
pub mod second_person;
pub mod security_headers;
pub mod session_store;
pub mod signing_keys;
pub mod static_files;
pub mod tlog;

pub use app::App;
