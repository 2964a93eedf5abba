mod administrators;
mod registry;
mod roles;
mod secrets;
mod signing_keys;
