//! [`Endpoint`]: where the requests to an upstream go.

use crate::decode::{UrlParts, split_url};
use crate::model::Target;

/// The parts of an upstream's address that have a meaning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    encrypted: bool,
    pub(super) host: String,
    port: u16,
    path: String,
}

impl Endpoint {
    /// Returns the endpoint of a target; `None` for `echo`, which has no address.
    pub(super) fn of(target: &Target) -> Option<Self> {
        let UrlParts {
            encrypted,
            host,
            port,
            rest,
        } = split_url(target.effective_base_url()?)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/chat/completions").unwrap_or(path);
        // An address without a path is completed with `/v1`.
        let path = if path.is_empty() { "/v1" } else { path };
        Some(Self {
            encrypted,
            host: host.to_ascii_lowercase(),
            port,
            path: format!("{path}?{query}"),
        })
    }

    /// Returns why requests to this endpoint are less protected than to the previous one.
    pub(super) fn weakening_reason(&self, previous: &Self) -> Option<&'static str> {
        if self.host != previous.host {
            return Some("requests are sent to another host");
        }
        if previous.encrypted && !self.encrypted {
            return Some("the connection to the upstream is not encrypted");
        }
        let default = |endpoint: &Self| if endpoint.encrypted { 443 } else { 80 };
        let scheme_decides = self.port == default(self) && previous.port == default(previous);
        (self.port != previous.port && !scheme_decides)
            .then_some("requests are sent to another port")
    }
}
