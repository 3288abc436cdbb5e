//! The API as its callers see it, over a real store.

mod accept;
mod audit;
mod changes;
mod compare;
mod delivery;
mod drift;
mod gateways;
mod once;
mod refusals;
mod retention;
mod tokens;
