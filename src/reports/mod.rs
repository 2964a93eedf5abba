//! What is asked of the records, the same for console and command line.
pub mod access;
pub mod acts;
mod addresses;
pub mod daily;
pub mod grants;
pub mod hoarders;
pub mod holders;
mod owners;
pub mod refusals;
pub mod report;
pub mod rows;
pub mod table;
pub mod tokens;
mod trespass;
pub mod upkeep;
mod walk;
