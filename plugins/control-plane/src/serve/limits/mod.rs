//! Rate limits.
//!
//! Every server counts in its own memory: several servers that share a database allow the limit
//! each. `governor` is not used, because its last release (0.10.4, December 2025) adds a second
//! `hashbrown`, a timer thread and futures, and does not bound the number of keys.

mod auth_failures;
mod rate;
mod rate_limits;
#[cfg(test)]
mod tests;
mod tokens;

pub(super) use auth_failures::{AddressPrefix, AuthFailureSummary};
pub use rate_limits::MAX_REQUESTS_PER_SECOND;
pub(super) use rate_limits::RateLimits;
