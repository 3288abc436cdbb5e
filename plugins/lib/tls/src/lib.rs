//! The TLS settings of kt: version 1.2 or 1.3, with one cryptography provider.
//!
//! | item | purpose |
//! |---|---|
//! | [`CaCertificates`] | the CA certificates that a client trusts, read from a file |
//! | [`TlsError`] | a classified TLS error, with a message for users |
//!
//! Certificate verification cannot be disabled, and the environment is not read.

mod ca_certificates;
mod crypto_provider;
mod error;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;

pub use ca_certificates::{CaCertificates, CaCertificatesError};
pub use crypto_provider::crypto_provider;
pub use error::{TlsError, format_time};
