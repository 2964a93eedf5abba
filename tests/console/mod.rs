mod applications;
mod keys;
mod log;
mod people;
mod resources;
mod revocations;
mod roles;
mod sessions;
