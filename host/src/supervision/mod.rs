//! Runs of kt under a service manager. The directory that `--supervised` names
//! receives the log, the starts that ended in a crash, and the reason for which
//! the service was parked.
//!
//! A failure that a restart cannot fix *parks* the service: the reason is written
//! to a file, and the exit code tells the service manager not to restart.
//! `--park-exit` sets that code for service managers without such codes. Crashes
//! are counted here, because the limit of a service manager would also count the
//! failures during a long outage, which must never stop the service permanently.

#![forbid(unsafe_code)]

mod crashes;
mod parked;
mod run;

pub(crate) use run::{RunOutcome, run};

#[cfg(test)]
mod tests;
