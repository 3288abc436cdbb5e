//! Problem documents as in RFC 9457.

use serde::{Deserialize, Serialize};

use crate::{Gateway, GatewayId, ProblemCode, ProblemItem};

/// The body of every error response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Summary of the cause, the same for each occurrence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// Id of the request.
    #[serde(default)]
    pub instance: Option<String>,
    /// The cause.
    pub code: ProblemCode,
    /// The errors, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
    /// The current revision, after a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_rev: Option<u64>,
    /// The current gateway, after a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Gateway>>,
    /// The gateway that has the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<GatewayId>,
    /// Seconds to wait before a retry, sent as the header `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// Media type of a problem document.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// The prefix of the problem types of the control plane.
    const TYPES: &'static str = "/problems/";

    /// Returns whether a control plane sent it: a proxy in front of one, such as an ingress, may send
    /// problem documents, too.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.kind.starts_with(Self::TYPES)
    }

    /// Builds the document for a code.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{}{code}", Self::TYPES),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            instance: None,
            code,
            errors: Vec::new(),
            current_rev: None,
            current: None,
            existing_id: None,
            retry_after: None,
        }
    }

    /// Adds the errors.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<ProblemItem>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds the current gateway, after a conflict.
    #[must_use]
    pub fn with_current(mut self, gateway: Gateway) -> Self {
        self.current_rev = Some(gateway.rev);
        self.current = Some(Box::new(gateway));
        self
    }
}
