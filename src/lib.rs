pub mod config;
pub mod host;
pub mod keys;
pub mod model;
pub mod oauth;
pub mod store;
pub mod telemetry;
