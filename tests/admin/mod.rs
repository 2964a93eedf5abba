mod administrators;
mod registry;
mod roles;
