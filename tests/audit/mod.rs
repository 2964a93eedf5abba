mod chain;
mod durability;
mod usage;
