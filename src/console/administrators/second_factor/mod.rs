//! The second factor of somebody else.
pub mod deletion;
