//! Makes probes and runs plans, over a [`Runner`] that does the deeds.
//!
//! The runner is injected: the bundled service commands hand in the real
//! machine, a backend's tests a model of its service manager. So every plan is
//! run, and taken back, by the same code.

mod journal;
mod look;
mod program;
mod runner;
mod transaction;

pub use journal::Journal;
pub use look::look;
pub use runner::{Ran, Runner};
pub use transaction::{Applied, Failure, Why, carry_out};

#[cfg(test)]
mod tests;
