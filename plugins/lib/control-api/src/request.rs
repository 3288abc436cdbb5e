//! Requests and responses, independent of HTTP but equivalent to it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Create or act.
    Post,
    /// Create or replace.
    Put,
    /// Change in part.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// Returns the name of the method in HTTP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Parses the name of a method in HTTP, if the API uses it.
    #[must_use]
    pub fn from_http(name: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == name)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request to the control plane.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path without query, such as `/v1/gateways`. Needs no percent-encoding: ids and names have
    /// no characters that would need it.
    pub path: String,
    /// Query parameters, decoded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Headers; names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Body, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A response of the control plane.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers; names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Body, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Request {
    /// Creates a request without query, headers and body.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            body: None,
        }
    }

    /// Sets a query parameter.
    #[must_use]
    pub fn with_query(mut self, key: &str, value: impl ToString) -> Self {
        self.query.insert(key.to_owned(), value.to_string());
        self
    }

    /// Sets a header; `name` must be in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.insert(name.to_owned(), value.to_string());
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: String) -> Self {
        self.headers
            .insert("content-type".to_owned(), "application/json".to_owned());
        self.body = Some(body);
        self
    }

    /// Returns the request target of HTTP: the path and the percent-encoded query.
    #[must_use]
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        for (at, (key, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            encode(key, &mut target);
            target.push('=');
            encode(value, &mut target);
        }
        target
    }

    /// Returns the headers to send over HTTP, without `accept-encoding`: the body of a [`Response`]
    /// is text, and cannot be compressed.
    pub fn text_safe_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| *name != "accept-encoding")
    }

    /// Splits the request target of HTTP into path and decoded query.
    ///
    /// `None` when the query is not percent-encoded UTF-8 or repeats a key.
    #[must_use]
    pub fn split_target(target: &str) -> Option<(String, BTreeMap<String, String>)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut pairs = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if pairs.insert(decode(key)?, decode(value)?).is_some() {
                return None;
            }
        }
        Some((path.to_owned(), pairs))
    }
}

impl Response {
    /// Returns the seconds of `Retry-After` of a response 429 or 503.
    #[must_use]
    pub fn retry_delay_seconds(&self) -> Option<u32> {
        self.retry_after()
            .filter(|_| matches!(self.status, 429 | 503))
    }

    /// Returns the seconds of `Retry-After`. Control planes do not send a date there.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        let header = self.headers.get("retry-after")?;
        header.trim().parse().ok()
    }
}

/// Omits headers and body, which may hold a token or a configuration.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.path)
    }
}

/// Omits headers and body, as for [`Request`].
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({})", self.status)
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            b'+' => b' ',
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_round_trip() {
        let request = Request::new(Method::Get, "/v1/gateways")
            .with_query("label", "env=prod&x")
            .with_query("name_prefix", "é +");
        let (path, query) = Request::split_target(&request.target()).unwrap();
        assert_eq!((path, query), (request.path, request.query));
    }

    #[test]
    fn invalid_queries_are_rejected() {
        for target in ["/?a=%", "/?a=%zz", "/?a=%ff", "/?a=1&a=2"] {
            assert!(Request::split_target(target).is_none(), "{target}");
        }
    }

    #[test]
    fn compressed_responses_are_not_requested() {
        let request = Request::new(Method::Get, "/")
            .with_header("accept-encoding", "gzip")
            .with_header("if-none-match", "*");
        let sent: Vec<_> = request.text_safe_headers().collect();
        assert_eq!(sent, [("if-none-match", "*")]);
    }

    #[test]
    fn debug_omits_headers_and_body() {
        let request = Request::new(Method::Post, "/v1/gateways")
            .with_header("authorization", "Bearer hunter2")
            .with_json("hunter2".to_owned());
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
