//! Calls about the trail of changes.

use crate::{ApiError, AuditEntry, Client, Method, Page, Request, Timestamp, Transport};

/// Which rows of the trail to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Most items of one page, 1 to 200; the server's 50 when `None`.
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Only changes of what has this id.
    pub target: Option<String>,
    /// Only changes by this actor.
    pub actor: Option<String>,
    /// Only changes of this kind, such as `config.publish`.
    pub action: Option<String>,
    /// Only changes at or after this time.
    pub since: Option<Timestamp>,
    /// Only changes before this time.
    pub until: Option<Timestamp>,
    /// The oldest first, instead of the newest.
    pub oldest_first: bool,
}

impl<T: Transport> Client<T> {
    /// Lists one page of the trail.
    ///
    /// # Errors
    /// When the query is not valid or the control plane cannot serve it.
    pub fn audit(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, ApiError> {
        let mut request = Request::new(Method::Get, "/v1/audit");
        if let Some(limit) = query.limit {
            request = request.with_query("limit", limit);
        }
        if query.oldest_first {
            request = request.with_query("order", "oldest");
        }
        for (key, time) in [("since", query.since), ("until", query.until)] {
            if let Some(time) = time {
                request = request.with_query(key, time);
            }
        }
        for (key, value) in [
            ("cursor", &query.cursor),
            ("target", &query.target),
            ("actor", &query.actor),
            ("action", &query.action),
        ] {
            if let Some(value) = value {
                request = request.with_query(key, value);
            }
        }
        self.get(&request)
    }
}
