//! Evaluates the status of an agent.
//!
//! The output of `launchctl print` is not a stable interface: whether the agent is
//! loaded is determined from the exit code, and every value of the text may be
//! absent.

mod disabled;
mod exits;
mod print;
mod status;

pub(crate) use status::{observe, probes};

#[cfg(test)]
mod tests;
