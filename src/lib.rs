pub mod config;
pub mod host;
pub mod model;
pub mod oauth;
pub mod store;
