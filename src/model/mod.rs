//! What administrators manage, and what happened to it.
pub mod access;
pub mod administrator;
pub mod application;
pub mod audit_chain;
pub mod audit_event;
pub mod grant;
pub mod page;
pub mod password;
pub mod resource;
pub mod revocation;
pub mod role;
pub mod route;
pub mod secret;
pub mod signing_key;
pub mod status_list;
pub mod text;
pub mod timetable;
