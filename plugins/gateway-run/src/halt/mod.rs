//! Halts: the gateway refuses every request until it is resumed. A halt comes from the control plane
//! or through the administration socket, concerns no configuration, and stays on disk.

mod file;
mod halts;

pub(crate) use halts::Halts;
