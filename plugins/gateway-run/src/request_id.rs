//! The ids of requests, which callers and upstreams see too.

use http::{HeaderMap, HeaderName, HeaderValue};
use kt_control_api::RequestIds;
use std::fmt;

/// The header with the id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The maximum length of the id of a caller.
const MAX_LENGTH: usize = 128;

/// An id, which is sent in two headers.
pub(crate) struct RequestId {
    pub(crate) text: String,
    pub(crate) header: HeaderValue,
}

impl RequestId {
    /// Returns the id of the caller if it is valid, else a new one.
    pub(crate) fn new(headers: &HeaderMap, ids: &RequestIds) -> Self {
        let own = headers.get(REQUEST_ID).and_then(|header| {
            let text = header.to_str().ok().filter(|text| is_valid(text))?;
            Some((text.to_owned(), header.clone()))
        });
        let (text, header) = own.unwrap_or_else(|| {
            let id = ids.create();
            let header = HeaderValue::from_str(&id);
            (id, header.unwrap_or_else(|_| HeaderValue::from_static("")))
        });
        Self { text, header }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_valid(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !id.is_empty() && id.len() <= MAX_LENGTH && id.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::{REQUEST_ID, RequestId};
    use http::HeaderMap;
    use kt_control_api::RequestIds;

    #[test]
    fn only_valid_ids_of_callers_are_used() {
        let ids = RequestIds::default();
        let long = "a".repeat(129);
        for (own, is_used) in [
            ("a-B_1.2", true),
            ("a b", false),
            ("", false),
            (&long, false),
        ] {
            let headers = HeaderMap::from_iter([(REQUEST_ID, own.parse().unwrap())]);
            let id = RequestId::new(&headers, &ids);
            assert_eq!(id.text == own, is_used, "{own}");
            assert_eq!(id.header, id.text);
        }
        let id = RequestId::new(&HeaderMap::new(), &ids);
        assert!(id.text.starts_with("req_"), "{}", id.text);
    }
}
