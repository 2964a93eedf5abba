//! Every test that needs a database or a server, in one program. On SQLite, or
//! on PostgreSQL when `TEST_POSTGRES_URL` names a server to make databases on.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod admin;
mod audit;
mod cli;
mod console;
mod hsm;
mod process;
mod protocol;
mod reports;
mod store;
mod support;
mod verify;
