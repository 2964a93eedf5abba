mod applications;
mod log;
mod people;
mod resources;
mod roles;
mod sessions;
