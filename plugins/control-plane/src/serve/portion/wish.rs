//! What a client says of how it wants to have a text.

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};

use super::coding::Codings;
use super::range::{self, Asked};
use crate::api::lists;

/// How a client wants to have a text.
#[derive(Debug, Default)]
pub(in crate::serve) struct Wish {
    codings: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
    known: Option<String>,
}

impl Wish {
    /// Reads it from the headers of a request.
    pub(in crate::serve) fn of(headers: &HeaderMap) -> Self {
        Self {
            codings: all(headers, &ACCEPT_ENCODING),
            range: all(headers, &RANGE),
            if_range: all(headers, &IF_RANGE),
            known: all(headers, &IF_NONE_MATCH),
        }
    }

    /// Whether to compress it.
    pub(super) fn gzip(&self) -> bool {
        self.read_codings().is_some_and(Codings::prefers_gzip)
    }

    /// Whether the client has already what goes by the weak tag `etag`.
    pub(super) fn knows(&self, etag: &str) -> bool {
        self.known.as_deref().is_some_and(|tags| lists(tags, etag))
    }

    /// Which bytes to send of what goes by the tag `etag` and has `size` of them. Parts are those
    /// of the bytes as they are, so there are none for a client that does not take these.
    pub(super) fn asked(&self, etag: &str, size: usize) -> Asked {
        let identity = self.read_codings().is_none_or(Codings::takes_identity);
        // A date never fits: nothing is said of when it was changed.
        let same = self.if_range.as_ref().is_none_or(|tag| tag == etag);
        match &self.range {
            Some(header) if identity && same => range::read(header, size),
            _ => Asked::Whole,
        }
    }

    fn read_codings(&self) -> Option<Codings> {
        self.codings.as_deref().map(Codings::read)
    }
}

/// All values of a header as one list. One that may come only once then says nothing.
fn all(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
    let first = values.next()?.to_owned();
    Some(values.fold(first, |list, value| list + ", " + value))
}
