//! Why a stream ends early.

use super::super::response_filters::FilterError;
use serde_json::Value;

/// Why a stream ends early.
#[derive(Debug)]
pub(super) enum StreamError {
    Filter(FilterError),
    /// The upstream reports an error in this document.
    Upstream(Value),
    /// The event is malformed.
    Malformed(&'static str),
}

impl From<FilterError> for StreamError {
    fn from(error: FilterError) -> Self {
        Self::Filter(error)
    }
}
