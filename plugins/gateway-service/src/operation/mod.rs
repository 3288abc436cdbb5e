//! The operations on a service: install, uninstall, start, stop and restart.

mod diagnosis;
pub(crate) mod install;
pub(crate) mod lifecycle;
pub(crate) mod overwrite;
mod readiness;
pub(crate) mod sandbox;
mod self_stop;
pub(crate) mod uninstall;
