//! The trail of changes.

use kt_control_api::{AuditEntry, Timestamp};

use super::gateways::page;
use super::respond::{Outcome, json};
use super::service::Call;
use super::{Api, input};
use crate::store::AuditFilter;

impl Api {
    pub(super) fn audit(&self, call: &Call<'_>) -> Outcome {
        let request = call.request;
        let limit = input::bounded(request, "limit", 50, 1, 200)? as usize;
        let filter = AuditFilter {
            before: input::place(request)?,
            target: request.query.get("target").cloned(),
            actor: request.query.get("actor").cloned(),
            since: input::query::<Timestamp>(request, "since")?,
            limit: limit + 1,
        };
        let found = self.explained(self.store().audit(&filter))?;
        json(
            200,
            &page(found, limit, |row: &AuditEntry| row.seq.to_string()),
        )
    }
}
