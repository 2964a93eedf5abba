pub mod model;
pub mod oauth;
