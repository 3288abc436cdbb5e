//! Follows the control plane: takes what is desired, says what was applied, and
//! keeps it on disk.

pub(crate) mod change;
mod follow;
mod keep;
mod last_applied;
mod local;
mod managed;
mod poll;
mod report;

pub(crate) use follow::Follower;
pub(crate) use last_applied::{LastApplied, Stored, find_by_name};
pub(crate) use local::Files;
pub(crate) use managed::Managed;
pub(crate) use report::{Identity, Standing, applied as report_of};
