//! `update` and `prune` of many gateways.

mod prune;
mod update;

pub(crate) use prune::run as prune;
pub(crate) use update::{changes, run as update};
