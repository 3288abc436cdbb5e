//! The immutable snapshot.

use http::{HeaderName, HeaderValue, Uri};
use kt_policy::{Chain, CircuitBreaker, Document, Fallback, Strategy};
use std::time::Duration;

/// A compiled configuration. A request takes one and keeps it to its end.
pub(crate) struct Snapshot {
    /// Number of the version; `None` for one that was never published.
    pub(crate) version: Option<u64>,
    /// Hash of the canonical form, hexadecimal.
    pub(crate) sha256: String,
    /// What it was compiled from.
    pub(crate) document: Document,
    /// The text it was read from.
    pub(crate) content: String,
    /// Detectors.
    pub(crate) chain: Chain,
    /// Upstreams in routing order.
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) strategy: Strategy,
    pub(crate) fallback: Fallback,
    pub(crate) breaker: CircuitBreaker,
    /// Largest request body, bytes.
    pub(crate) max_body: usize,
    /// Largest response body that is held to be inspected, bytes.
    pub(crate) max_response: usize,
}

/// One upstream.
pub(crate) struct Upstream {
    pub(crate) id: String,
    pub(crate) provider: String,
    /// Model to ask for instead of the caller's.
    pub(crate) model: Option<String>,
    pub(crate) weight: u64,
    /// Where chat completions are posted; `None` for `echo`.
    pub(crate) chat: Option<Uri>,
    pub(crate) credential: Credential,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

/// How an upstream is told who asks.
pub(crate) enum Credential {
    /// It needs none.
    None,
    /// This header; the value is marked sensitive.
    Header(HeaderName, HeaderValue),
    /// It needs one that is not there: the upstream takes no requests.
    Missing,
}

impl Upstream {
    /// Whether it can take requests at all.
    pub(crate) fn usable(&self) -> bool {
        !matches!(self.credential, Credential::Missing)
    }
}

impl Snapshot {
    /// Whether `pack.enabled` lets the policies act.
    pub(crate) fn enforces(&self) -> bool {
        self.document.pack.enabled
    }
}
