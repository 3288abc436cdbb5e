//! What every store must do. Each test of this folder runs on each implementation.

pub(super) mod bootstrap;
pub(super) mod changes;
mod differential;
pub(super) mod history;
pub(super) mod instances;
pub(super) mod listing;
mod model;
pub(super) mod once;
mod place;
pub(super) mod retention;
mod run;
pub(super) mod sharing;
pub(super) mod tokens;
pub(super) mod trail;
mod transfer;

pub(super) use differential::agree;
pub(super) use place::{Place, change, gateway, version};
pub(super) use run::suite;
pub(super) use trail::checked;
pub(super) use transfer::moves;
