mod administrators;
mod registry;
mod roles;
mod signing_keys;
