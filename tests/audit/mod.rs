mod chain;
mod durability;
