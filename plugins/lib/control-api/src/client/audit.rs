//! Calls about the audit log.

use crate::{ApiError, AuditEntry, Client, Method, Page, Request, Timestamp, Transport};

/// Selects the rows of the audit log to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Maximum number of items on a page, 1 to 200; 50 when `None`.
    pub limit: Option<u32>,
    /// The `next_cursor` of the last page.
    pub cursor: Option<String>,
    /// Only changes of the object with this id.
    pub target: Option<String>,
    /// Only changes by this actor.
    pub actor: Option<String>,
    /// Only changes with this action, such as `config.publish`.
    pub action: Option<String>,
    /// Only changes at or after this time.
    pub since: Option<Timestamp>,
    /// Only changes before this time.
    pub until: Option<Timestamp>,
    /// Whether the oldest rows come first, instead of the newest.
    pub oldest_first: bool,
}

impl<T: Transport> Client<T> {
    /// Lists a page of the audit log.
    ///
    /// # Errors
    /// When the query is invalid, or the control plane cannot serve it.
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
