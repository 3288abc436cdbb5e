//! The API as its callers see it, over a real store.

mod audit;
mod changes;
mod delivery;
mod gateways;
mod once;
mod refusals;
mod tokens;
