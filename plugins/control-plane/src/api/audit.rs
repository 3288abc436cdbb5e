//! The trail of changes.

use std::str::FromStr;

use kt_control_api::{AuditEntry, Request, Timestamp};

use super::gateways::page;
use super::refusal::Refusal;
use super::respond::{Handled, Outcome, json};
use super::service::Call;
use super::{Api, input};
use crate::store::AuditFilter;

/// Rows read at a time while all are sent.
const BATCH: usize = 200;

/// Which rows come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Newest,
    Oldest,
}

impl FromStr for Order {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "newest" => Ok(Self::Newest),
            "oldest" => Ok(Self::Oldest),
            _ => Err("it is `newest` or `oldest`"),
        }
    }
}

/// Rows of the trail that are being sent, and how far that is.
#[derive(Debug)]
pub struct Rows {
    request_id: String,
    wanted: AuditFilter,
    sent: u64,
    /// Lines that were read already.
    ahead: Option<String>,
}

impl Rows {
    /// The request that they answer.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Api {
    pub(super) fn audit(&self, call: &Call<'_>) -> Outcome {
        let request = call.request;
        let limit = input::bounded(request, "limit", 50, 1, 200)? as usize;
        let place = input::place(request)?;
        let oldest = input::query::<Order>(request, "order")? == Some(Order::Oldest);
        let (before, after) = if oldest {
            (None, Some(place.unwrap_or(0)))
        } else {
            (place, None)
        };
        let filter = AuditFilter {
            before,
            after,
            limit: limit + 1,
            ..wanted(request)?
        };
        let found = self.explained(self.store().audit(&filter))?;
        json(
            200,
            &page(found, limit, |row: &AuditEntry| row.seq.to_string()),
        )
    }

    pub(super) fn export(&self, call: &Call<'_>) -> Outcome {
        let newest = AuditFilter {
            limit: 1,
            ..AuditFilter::default()
        };
        let newest = self.explained(self.store().audit(&newest))?;
        let mut rows = Rows {
            request_id: call.id.to_owned(),
            wanted: AuditFilter {
                limit: BATCH,
                // What is added meanwhile is for the next export, or this one might never end.
                before: Some(newest.first().map_or(0, |row| row.seq) + 1),
                ..wanted(call.request)?
            },
            sent: 0,
            ahead: None,
        };
        // Once a part is sent, a failure can only break the transfer off.
        rows.ahead = self.next_rows(&mut rows)?;
        Ok(Handled::Sending(rows))
    }

    /// The next rows as lines of JSON; nothing after the last.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn next_rows(&self, rows: &mut Rows) -> Result<Option<String>, Refusal> {
        if let Some(lines) = rows.ahead.take() {
            return Ok(Some(lines));
        }
        let filter = AuditFilter {
            after: Some(rows.sent),
            ..rows.wanted.clone()
        };
        let found = self.explained(self.store().audit(&filter))?;
        let Some(last) = found.last() else {
            return Ok(None);
        };
        rows.sent = last.seq;
        let lines = found.iter().map(|row| {
            let line = serde_json::to_string(row);
            line.expect("a row has only string keys") + "\n"
        });
        Ok(Some(lines.collect()))
    }
}

/// The rows that a query asks for.
fn wanted(request: &Request) -> Result<AuditFilter, Refusal> {
    Ok(AuditFilter {
        target: request.query.get("target").cloned(),
        actor: request.query.get("actor").cloned(),
        action: request.query.get("action").cloned(),
        since: input::query::<Timestamp>(request, "since")?,
        until: input::query::<Timestamp>(request, "until")?,
        ..AuditFilter::default()
    })
}
