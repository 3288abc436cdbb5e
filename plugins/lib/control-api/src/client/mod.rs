//! Typed calls.

mod actions;
mod call;
mod delivery;
mod gateways;
#[cfg(test)]
mod tests;
mod versions;

pub use call::Client;
pub use gateways::ListQuery;
