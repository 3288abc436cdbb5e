//! The API as its callers see it, over a real store.

mod changes;
mod delivery;
mod gateways;
mod once;
mod refusals;
mod tokens;
