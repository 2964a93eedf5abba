mod chain;
mod durability;
mod sealing;
mod verification;
mod witness;
