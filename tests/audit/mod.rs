mod chain;
mod durability;
mod retention;
mod sealing;
mod usage;
mod verification;
mod witness;
