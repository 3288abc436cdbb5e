//! What a kt that a service manager runs leaves behind, in the directory that
//! `--supervised` names: its log, how often it crashed, and why it was parked.
//!
//! A failure that trying again cannot cure *parks*: the reason is written down
//! and the exit code tells the service manager not to start it again. One whose
//! manager knows no such codes is told `--park-exit 0`. Crashes are counted
//! here, because a limit of the service manager would also count the failures
//! of a long outage, which must never end in a permanent stop.

#![forbid(unsafe_code)]

mod crashes;
mod journal;
mod parked;
mod run;
mod write;

pub(crate) use journal::append as log_line;
pub(crate) use run::{Ended, run};

#[cfg(test)]
mod tests;
