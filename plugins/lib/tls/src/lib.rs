//! TLS as kt speaks it: version 1.2 or 1.3, with the one provider of cryptography.
//!
//! | module | job |
//! |---|---|
//! | [`Authorities`] | who may vouch for a server, read from a file |
//! | [`Refusal`] | why a connection was not made, for people |
//!
//! Nothing here switches the check of certificates off, and nothing reads the environment.

mod authorities;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod provider;
mod refusal;

pub use authorities::{Authorities, AuthoritiesError};
pub use provider::provider;
pub use refusal::{Refusal, moment};
