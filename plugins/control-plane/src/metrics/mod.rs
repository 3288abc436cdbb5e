//! What a server measures of itself, for Prometheus.

mod fleet;
mod registry;

pub(crate) use fleet::Fleet;
pub(crate) use registry::{Counted, Metrics, Refused};
