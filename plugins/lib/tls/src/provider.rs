//! The one provider of cryptography.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

/// Returns the provider. Handed to each configuration, so that nothing depends on what another
/// part of the process installed for all.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
