//! The immutable snapshot.

use http::{HeaderName, HeaderValue, Uri};
use kt_policy::{Chain, CircuitBreaker, Document, Fallback, Strategy};
use std::time::Duration;

/// A compiled configuration. A request uses the same snapshot to its end.
pub(crate) struct Snapshot {
    /// The version number; `None` for a configuration that was never published.
    pub(crate) version: Option<u64>,
    /// The hash of the canonical form, hexadecimal.
    pub(crate) sha256: String,
    /// The parsed configuration.
    pub(crate) document: Document,
    /// The source text.
    pub(crate) content: String,
    /// The compiled policy chain.
    pub(crate) chain: Chain,
    /// The upstreams in routing order.
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) strategy: Strategy,
    pub(crate) fallback: Fallback,
    pub(crate) breaker: CircuitBreaker,
    /// The maximum size of a request body, bytes.
    pub(crate) max_request_bytes: usize,
    /// The maximum size of a response body that is buffered for inspection, bytes.
    pub(crate) max_response_bytes: usize,
}

/// One upstream.
pub(crate) struct Upstream {
    pub(crate) id: String,
    pub(crate) provider: String,
    /// The model to request instead of the caller's.
    pub(crate) model: Option<String>,
    pub(crate) weight: u64,
    /// The address of chat completions; `None` for `echo`.
    pub(crate) chat_uri: Option<Uri>,
    pub(crate) credential: Credential,
    pub(crate) connect_timeout: Duration,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) total_timeout: Duration,
}

/// The credential for an upstream.
pub(crate) enum Credential {
    /// None is needed.
    None,
    /// A header; its value is marked sensitive.
    Header(HeaderName, HeaderValue),
    /// The secret does not exist: the upstream receives no requests.
    Missing,
}

impl Upstream {
    /// Whether requests can be sent to it.
    pub(crate) fn is_available(&self) -> bool {
        !matches!(self.credential, Credential::Missing)
    }
}

impl Snapshot {
    /// Whether the policies are enforced (`pack.enabled`).
    pub(crate) fn enforces(&self) -> bool {
        self.document.pack.enabled
    }
}
