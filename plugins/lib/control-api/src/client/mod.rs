//! Typed calls.

mod actions;
mod audit;
mod backup;
mod call;
mod delivery;
mod gateways;
#[cfg(test)]
mod tests;
mod tokens;
mod versions;

pub use audit::AuditQuery;
pub use call::Client;
pub use gateways::ListQuery;
pub use tokens::TokenQuery;
