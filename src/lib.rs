//! Countersign: short-lived, scoped access tokens for machines, and proof of
//! what was issued.
//!
//! Modules stand here bottom to top. A module uses those above it in this list
//! and never those below (`tests/architecture.rs` holds us to that).

// L0: pure. No I/O, no clock, no randomness.
pub mod model;
pub mod oauth;
pub mod samples;
pub mod texts;

// For APIs, in their own process: nothing of the server.
pub mod verify;

// L1: what the process is told, and by whom.
pub mod config;
pub mod host;
pub mod telemetry;

// L2: the database.
pub mod store;

// L3: state that outlives a request.
pub mod audit;
pub mod directory;
pub mod keys;
pub mod limits;
pub mod revocations;
pub mod status_lists;
pub mod streams;

// Who else may say who people are.
pub mod openid;

// L4: acts, and what every HTTP face needs.
pub mod admin;
pub mod web;
pub mod witness;

// What is asked of the records, and what an API lets through; for the console
// and the command line.
pub mod exam;
pub mod reports;

// L5: the faces; they never use one another.
pub mod console;
pub mod protocol;

// L6 and L7: open, listen, drain; the command line.
pub mod cli;
pub mod sealing;
pub mod server;
