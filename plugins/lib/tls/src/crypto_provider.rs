//! The cryptography provider.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

/// Returns the cryptography provider. It is passed to each configuration, so that nothing depends
/// on the process-wide default that another part of the process may have installed.
#[must_use]
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
