//! Typed calls.

mod actions;
mod call;
mod delivery;
mod gateways;
#[cfg(test)]
mod tests;
mod tokens;
mod versions;

pub use call::Client;
pub use gateways::ListQuery;
pub use tokens::TokenQuery;
