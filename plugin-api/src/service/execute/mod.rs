//! Runs probes and applies plans through a [`Runner`].
//!
//! The runner is injected: the bundled service commands use the real system, the
//! tests of a backend a model of its service manager. Every plan is applied and
//! reverted by the same code.

mod error;
mod probes;
mod program;
mod runner;
mod transaction;
mod undo_log;

pub use error::StepError;
pub use probes::run_probes;
pub use runner::{ExecOutcome, Runner};
pub use transaction::{AppliedPlan, PlanError, apply};
pub use undo_log::UndoLog;

#[cfg(test)]
mod tests;
