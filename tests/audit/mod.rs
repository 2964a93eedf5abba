mod chain;
mod durability;
mod sealing;
