//! `gateway` and `size_limits`.

use serde::Serialize;

/// `gateway`: settings of the process.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Gateway {
    /// Whether the whole configuration is rejected if the secret of an upstream is missing
    /// (default: only that upstream is unavailable).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Restrictions of outbound connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<Outbound>,
    /// The HTTP status of requests and responses that a policy blocks (default 400, which
    /// no client retries; the compatible product has 409).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal_status: Option<u64>,
}

/// `gateway.outbound`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outbound {
    /// The ports that upstreams may use; absent means any. Checked by
    /// [`compile`](crate::compile()), together with the gateway's own limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ports: Option<Vec<u16>>,
}

/// `size_limits`, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SizeLimits {
    /// The maximum size of a request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// The maximum size of a response body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_response_bytes: Option<u64>,
}
