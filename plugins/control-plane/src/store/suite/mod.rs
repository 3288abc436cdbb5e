//! What every store must do. Each test runs with each implementation.

pub(super) mod audit_log;
pub(super) mod bootstrap;
pub(super) mod changes;
pub(super) mod concurrency;
mod differential;
mod fixture;
pub(super) mod halts;
pub(super) mod history;
pub(super) mod idempotency;
pub(super) mod instances;
pub(super) mod integrity;
pub(super) mod leases;
pub(super) mod listing;
mod operations;
mod queries;
pub(super) mod retention;
mod run;
mod state_histories;
pub(super) mod states;
pub(super) mod tokens;
mod transfer;

pub(super) use audit_log::verify;
pub(super) use differential::stores_agree;
pub(super) use fixture::{StoreFixture, bare, change, gateway, keyed, requiring, version};
pub(super) use queries::{record, recorded, run_all};
pub(super) use run::suite;
pub(super) use transfer::transfers;
