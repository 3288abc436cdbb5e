//! The status of a service: observations that are collected independently, each
//! with its own time limit, and aggregated into one state.

mod collect;
mod evaluate;
mod inputs;
mod output;
mod parked;
mod report;
mod service_state;
mod state;
mod warnings;

pub(crate) use collect::collect;
pub(crate) use evaluate::evaluate;
pub(crate) use inputs::{ConfigVersion, StatusInputs};
pub(crate) use output::{list_output, output};
pub(crate) use parked::read_parked_reason;
pub(crate) use report::StatusReport;
pub(crate) use state::ServiceState;

#[cfg(test)]
mod fix_tests;
#[cfg(test)]
mod tests;
