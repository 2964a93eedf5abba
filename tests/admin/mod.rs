mod administrators;
mod history;
mod registry;
mod roles;
mod signing_keys;
