//! Tests of the API with a real store.

mod accept_applied;
mod audit;
mod changes;
mod compare;
mod delivery;
mod drift;
mod errors;
mod gateways;
mod halts;
mod idempotency;
mod retention;
mod tokens;
