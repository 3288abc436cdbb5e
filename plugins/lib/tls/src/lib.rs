//! TLS as kt speaks it: version 1.2 or 1.3, with the one provider of cryptography.
//!
//! | module | job |
//! |---|---|
//! | [`CaCertificates`] | who may vouch for a server, read from a file |
//! | [`TlsError`] | why a connection was not made, for people |
//!
//! Nothing here switches the check of certificates off, and nothing reads the environment.

mod ca_certificates;
mod error;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod provider;

pub use ca_certificates::{CaCertificates, CaCertificatesError};
pub use error::{TlsError, format_time};
pub use provider::provider;
