//! Changes of many gateways: which are selected, a plan, its execution in waves, and a record from
//! which an interrupted execution continues.
//!
//! - `begin` reads the options that the commands share.
//! - `selection` finds the gateways that labels select, with the filters of the list.
//! - `plan` is what would be done, each change with the revision that it is based on.
//! - `waves` runs work for several items at a time, and stops after too many failures.
//! - `record` keeps plan and results in a file of the state directory.
//! - `execution` shows the plan, asks, runs the waves, and returns the table of results.

mod begin;
mod execution;
mod options;
mod output;
mod plan;
mod record;
mod result;
mod selection;
mod waves;

pub use begin::FleetArgs;
pub use execution::{Execution, RolloutWait, wait_for_rollout};
pub use options::MaxFailures;
pub use plan::{Plan, PlannedChange};
pub use record::Record;
pub use result::ItemResult;
pub use selection::{parse_selector, select};
pub use waves::{WaveEnd, run_waves};
