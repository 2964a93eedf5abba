mod administrators;
mod history;
mod registry;
mod roles;
mod secrets;
mod signing_keys;
