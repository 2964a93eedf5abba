mod applications;
mod keys;
mod log;
mod people;
mod resources;
mod roles;
mod sessions;
mod verification;
