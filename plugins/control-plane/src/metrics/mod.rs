//! Metrics of a server in the OpenMetrics format.

mod fleet_counts;
mod registry;

pub(crate) use fleet_counts::FleetCounts;
pub(crate) use registry::{AuthFailure, GaugeGuard, Metrics};
