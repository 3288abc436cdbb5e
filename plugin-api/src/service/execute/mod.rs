//! Makes probes and runs plans, over a [`Runner`] that does the deeds.
//!
//! The runner is injected: the bundled service commands hand in the real
//! machine, a backend's tests a model of its service manager. So every plan is
//! run, and taken back, by the same code.

mod probes;
mod program;
mod runner;
mod transaction;
mod undo_log;

pub use probes::run_probes;
pub use runner::{ExecOutcome, Runner};
pub use transaction::{AppliedPlan, PlanError, StepError, apply};
pub use undo_log::UndoLog;

#[cfg(test)]
mod tests;
