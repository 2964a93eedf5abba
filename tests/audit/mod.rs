mod chain;
mod durability;
mod sealing;
mod usage;
mod verification;
mod witness;
