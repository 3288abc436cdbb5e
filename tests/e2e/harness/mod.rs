//! What every test stands on: a hermetic world for `kt`, runs with their
//! output, processes that end with the test, and golden files.
//!
//! - [`Sandbox`]: directories and environment of one test; [`Sandbox::kt`]
//!   makes a run of `kt` in it.
//! - [`Run`] is a command being put together, [`Ran`] one that has ended with
//!   assertions on it, [`Background`] one that runs beside the test and is
//!   ended by its own process id when dropped.
//! - [`wait_until`] waits for a condition; nothing in the tests sleeps for a
//!   fixed time.
//! - [`assert_golden`] compares with a file that `KT_BLESS=1` rewrites.
//! - [`tool`] finds a program that a test needs. Where it is missing the test
//!   says so and ends, and fails when `CI` is set.

mod background;
mod golden;
mod http;
mod paths;
mod ports;
mod postgres;
mod ran;
mod run;
mod sandbox;
mod shape;
mod tools;
mod tree;
mod wait;

pub(crate) use background::Background;
pub(crate) use golden::{assert_golden, bless_directory};
pub(crate) use http::{Reply, http};
pub(crate) use paths::{dist, workspace};
pub(crate) use ports::free_port;
pub(crate) use postgres::Postgres;
pub(crate) use ran::Ran;
pub(crate) use run::Run;
pub(crate) use sandbox::{Sandbox, UNPRIVILEGED};
pub(crate) use shape::shape;
pub(crate) use tools::{cargo, tool, tool_at};
pub(crate) use tree::{chown_tree, copy_tree, files_below, make_fifo};
pub(crate) use wait::{Ending, wait_until};
