//! What the machine tells us: the time, and random bytes. Nothing else may ask
//! it, so that a test can answer in its place.
pub mod clock;
pub mod entropy;

pub use clock::Clock;
pub use entropy::Entropy;
