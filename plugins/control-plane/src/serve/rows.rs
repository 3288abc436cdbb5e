//! The trail, sent page by page.

use super::auth::{self, Credential};
use super::connection::off_loop;
use super::flow::{BrokenOff, Flow, Making, Part, Source};
use crate::api::{Api, Rows};
use crate::metrics::Counted;

/// What reads the rows. Between two pages it holds neither a thread nor a transaction, so a slow
/// reader is in nobody's way.
struct Reading {
    api: Api,
    rows: Rows,
    shown: Credential,
    _counted: Counted,
}

/// Begins to send rows.
pub(super) fn flow(api: Api, rows: Rows, shown: Credential, counted: Counted) -> Flow {
    Flow::of(Reading {
        api,
        rows,
        shown,
        _counted: counted,
    })
}

impl Source for Reading {
    fn next(self: Box<Self>) -> Making {
        Box::pin(async move {
            let read = off_loop(move || self.read()).await;
            read.unwrap_or(Err(BrokenOff))
        })
    }
}

impl Reading {
    fn read(mut self: Box<Self>) -> Result<Part, BrokenOff> {
        // Whoever was let in may not be any more: the token was revoked, or has expired.
        let known = auth::principal(&self.api, self.shown);
        let lines = known.and_then(|_| self.api.next_rows(&mut self.rows));
        let lines = lines.map_err(|problem| {
            let request = self.rows.request_id();
            tracing::warn!(request, code = %problem.code, "an export of the trail breaks off");
            BrokenOff
        })?;
        Ok(lines.map(|lines| (lines.into(), self as Box<dyn Source>)))
    }
}
