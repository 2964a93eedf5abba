//! What is asked of the records, the same for console and command line.
pub mod access;
pub mod table;
