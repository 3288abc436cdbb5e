//! `gateway` and `size_limits`.

use serde::Serialize;

/// `gateway`: the process itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Gateway {
    /// Whether an upstream whose secret is missing makes the whole
    /// configuration unacceptable (default: only that upstream is unavailable).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Where requests may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<Outbound>,
}

/// `gateway.outbound`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outbound {
    /// Ports an upstream may use; absent means any. Checked by
    /// [`compile`](crate::compile()), together with the gateway's own limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ports: Option<Vec<u16>>,
}

/// `size_limits`, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SizeLimits {
    /// Largest request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// Largest response body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_response_bytes: Option<u64>,
}
