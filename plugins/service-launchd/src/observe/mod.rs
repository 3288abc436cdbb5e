//! Reads how launchd sees an agent.
//!
//! The text of `launchctl print` is no interface: whether the agent is loaded
//! is the exit code's word, and everything read from the text may be absent.

mod agent;
mod disabled;
mod ends;
mod print;

pub(crate) use agent::{observe, probes};

#[cfg(test)]
mod tests;
