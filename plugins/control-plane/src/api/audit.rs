//! The audit log.

use std::str::FromStr;

use kt_control_api::{AuditEntry, Request, Timestamp};

use super::error::ApiError;
use super::input;
use super::limits::{DEFAULT_PAGE, MAX_PAGE};
use super::pagination::page;
use super::reply::{AuditExport, HandlerResult, Reply};
use super::response::json;
use super::service::{Api, RequestContext};
use crate::store::AuditFilter;

/// Number of rows that an export reads at a time.
const BATCH: usize = 200;

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortOrder {
    NewestFirst,
    OldestFirst,
}

impl FromStr for SortOrder {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "newest" => Ok(Self::NewestFirst),
            "oldest" => Ok(Self::OldestFirst),
            _ => Err("the order is `newest` or `oldest`"),
        }
    }
}

impl Api {
    pub(super) fn list_audit(&self, context: &RequestContext<'_>) -> HandlerResult {
        let request = context.request;
        let limit = input::bounded(request, "limit", DEFAULT_PAGE, 1, MAX_PAGE)? as usize;
        let cursor = input::numeric_cursor(request)?;
        let oldest_first =
            input::query::<SortOrder>(request, "order")? == Some(SortOrder::OldestFirst);
        let (before, after) = if oldest_first {
            (None, Some(cursor.unwrap_or(0)))
        } else {
            (cursor, None)
        };
        let filter = AuditFilter {
            before,
            after,
            limit: limit + 1,
            ..filter(request)?
        };
        let rows = self.store_result(self.store().audit(&filter))?;
        json(
            200,
            &page(rows, limit, |row: &AuditEntry| row.seq.to_string()),
        )
    }

    pub(super) fn export_audit(&self, context: &RequestContext<'_>) -> HandlerResult {
        let newest = AuditFilter {
            limit: 1,
            ..AuditFilter::default()
        };
        let newest = self.store_result(self.store().audit(&newest))?;
        let mut export = AuditExport {
            request_id: context.request_id.to_owned(),
            filter: AuditFilter {
                limit: BATCH,
                // Rows that are added meanwhile are left out, or the export might never end.
                before: Some(newest.first().map_or(0, |row| row.seq) + 1),
                ..filter(context.request)?
            },
            last_seq: 0,
            first_page: None,
        };
        // Once a part is sent, an error can only abort the transfer.
        export.first_page = self.next_audit_rows(&mut export)?;
        Ok(Reply::AuditExport(export))
    }

    /// Returns the next rows as lines of JSON, and `None` after the last.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn next_audit_rows(&self, export: &mut AuditExport) -> Result<Option<String>, ApiError> {
        if let Some(lines) = export.first_page.take() {
            return Ok(Some(lines));
        }
        let filter = AuditFilter {
            after: Some(export.last_seq),
            ..export.filter.clone()
        };
        let rows = self.store_result(self.store().audit(&filter))?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        export.last_seq = last.seq;
        let lines = rows.iter().map(|row| {
            let line = serde_json::to_string(row);
            line.expect("a row has only string keys") + "\n"
        });
        Ok(Some(lines.collect()))
    }
}

/// Parses the filter of a query.
fn filter(request: &Request) -> Result<AuditFilter, ApiError> {
    Ok(AuditFilter {
        target: request.query.get("target").cloned(),
        actor: request.query.get("actor").cloned(),
        action: request.query.get("action").cloned(),
        since: input::query::<Timestamp>(request, "since")?,
        until: input::query::<Timestamp>(request, "until")?,
        ..AuditFilter::default()
    })
}
