//! Problem documents as in RFC 9457.

use serde::{Deserialize, Serialize};

use crate::{Gateway, GatewayId, ProblemCode};

/// One reason among several why a request was refused, with its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProblemItem {
    /// Stable id of the reason.
    pub code: String,
    /// The reason for people; never contains a secret.
    pub message: String,
    /// JSON pointer of the place in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// File the place is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The nearest known word, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// What to do about it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ProblemItem {
    /// Makes a reason that has a pointer and no place in a file.
    #[must_use]
    pub fn at(pointer: &str, code: &str, message: impl ToString) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_string(),
            pointer: Some(pointer.to_owned()),
            ..Self::default()
        }
    }
}

/// The body of every failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `/problems/` and the slug.
    #[serde(rename = "type")]
    pub kind: String,
    /// Summary of the cause, the same for each occurrence.
    pub title: String,
    /// HTTP_PROVIDER status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// Id of the request.
    #[serde(default)]
    pub instance: Option<String>,
    /// The cause.
    pub code: ProblemCode,
    /// Every reason, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
    /// The revision that a change ran into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_rev: Option<u64>,
    /// The gateway as it is, after a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Gateway>>,
    /// The gateway that has the name already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<GatewayId>,
    /// Whole seconds to wait before asking again. HTTP_PROVIDER has a header for it, `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// Media type of a problem document.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// Where the types of the control plane's documents lie.
    const TYPES: &'static str = "/problems/";

    /// Whether a control plane wrote it: what stands before one, such as an
    /// ingress, may explain itself with such documents too.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.kind.starts_with(Self::TYPES)
    }

    /// Makes the document for a cause.
    #[must_use]
    pub fn new(slug: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{}{slug}", Self::TYPES),
            title: slug.title().to_owned(),
            status: slug.status(),
            detail: detail.into(),
            instance: None,
            code: slug,
            errors: Vec::new(),
            current_rev: None,
            current: None,
            existing_id: None,
            retry_after: None,
        }
    }

    /// Adds the reasons.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<ProblemItem>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds the gateway that a change ran into.
    #[must_use]
    pub fn with_current(mut self, gateway: Gateway) -> Self {
        self.current_rev = Some(gateway.rev);
        self.current = Some(Box::new(gateway));
        self
    }
}
