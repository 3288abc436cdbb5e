//! The test harness: a hermetic environment for `kt`, commands with assertions on
//! their output, processes that end with the test, and golden files.
//!
//! - [`Sandbox`]: directories and environment of one test; [`Sandbox::kt`]
//!   returns a command of `kt` in it.
//! - [`TestCommand`] builds and runs a command with `assert_cmd`;
//!   [`CommandOutput`] has assertions on its output; [`Background`] is a process
//!   that is killed by its process id when it is dropped.
//! - [`TestCommand::in_terminal`] runs a command in a terminal; a [`TerminalSession`] types
//!   and reads what is shown. [`Tmux`] is an interactive shell.
//! - [`wait_until`] waits for a condition; no test sleeps for a fixed time.
//! - [`assert_golden`] compares with a file that `KT_BLESS=1` rewrites.
//! - [`tool`] finds a program that a test needs. Where it is missing the test is
//!   skipped with a message, and fails when `CI` is set.

mod background;
mod command;
mod golden;
mod http;
mod output;
mod paths;
mod ports;
mod postgres;
mod sandbox;
mod scripts;
mod shape;
mod store;
mod terminal;
mod tmux;
mod tools;
mod tree;
mod wait;

pub(crate) use background::Background;
pub(crate) use command::TestCommand;
pub(crate) use golden::{assert_golden, bless_directory};
pub(crate) use http::{HttpResponse, http};
pub(crate) use output::CommandOutput;
pub(crate) use paths::{dist, workspace};
pub(crate) use ports::free_port;
pub(crate) use postgres::Postgres;
pub(crate) use sandbox::{Sandbox, UNPRIVILEGED};
pub(crate) use scripts::{cargo_script, script, with_cargo};
pub(crate) use shape::shape;
pub(crate) use store::execute_sql;
pub(crate) use terminal::TerminalSession;
pub(crate) use tmux::Tmux;
pub(crate) use tools::{cargo, tool, tool_at};
pub(crate) use tree::{chmod, chown_tree, copy_tree, files_below, make_fifo};
pub(crate) use wait::{StopOnDrop, TIMEOUT, wait_until};
