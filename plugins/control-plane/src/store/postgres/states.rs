//! The stored states of gateways.

use kt_control_api::{GatewayId, StatusReport, SyncState, Timestamp};
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows::{self, bigint};
use super::session::Session;
use crate::store::DesiredState;
use crate::store::snapshot::RENEWED_PART;

const UNSETTLED: &str = "
    SELECT EXISTS (SELECT FROM gateway_states
        WHERE valid_until BETWEEN 0 AND $1 AND valid_until < 9223372036854775807)
      OR EXISTS (SELECT FROM gateway_states WHERE valid_from > $1 AND valid_from > 0
        AND valid_from < 9223372036854775807) AS found";
/// Those that another server settles, or an instance of which reports, are left out: nobody waits.
const LOCK_ENDED: &str = "SELECT gateway_id FROM gateway_states
    WHERE valid_until BETWEEN 0 AND $1 AND valid_until < 9223372036854775807 LIMIT 50
    FOR UPDATE SKIP LOCKED";
/// When the clock was set back.
const LOCK_NOT_BEGUN: &str = "SELECT gateway_id FROM gateway_states
    WHERE valid_from > $1 AND valid_from > 0 AND valid_from < 9223372036854775807 LIMIT 50
    FOR UPDATE SKIP LOCKED";
const SETTLE: &str = "
    UPDATE gateway_states s SET state = n.state, generation = n.generation,
      valid_from = n.valid_from, valid_until = n.valid_until
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
      AS n(id, state, generation, valid_from, valid_until)
    WHERE s.gateway_id = ANY($1::text[]) AND s.gateway_id = n.id";
/// Extends the period of a state; see [`Extension`].
pub(super) const EXTEND: &str = "
    UPDATE gateway_states SET valid_until = $5
    WHERE gateway_id = $1 AND state = $2 AND generation = $3
      AND valid_from <= $4 AND valid_until > $4 AND valid_until < $6";

pub(super) async fn has_unsettled(session: &Session, now: Timestamp) -> Result<bool, QueryError> {
    let row = session.row(UNSETTLED, &[&now.as_microsecond()]).await?;
    row.as_ref().map_or(Ok(false), rows::only)
}

/// Stores states. Ends the transaction except after an error.
pub(super) async fn settle(session: &mut Session, now: Timestamp) -> Result<(), QueryError> {
    session.begin();
    let settled = attempt(session, now).await;
    match settled {
        Ok(()) => session.committed(),
        Err(_) => session.roll_back().await,
    }
    settled
}

async fn attempt(session: &Session, now: Timestamp) -> Result<(), QueryError> {
    session.batch_execute("BEGIN").await?;
    let time = now.as_microsecond();
    let mut ids = Vec::new();
    for sql in [LOCK_ENDED, LOCK_NOT_BEGUN] {
        for row in session.rows(sql, &[&time]).await? {
            ids.push(rows::parse::<GatewayId>(&row, "gateway_id")?.to_string());
        }
    }
    // A statement of its own: it sees what was committed before the locks were taken.
    let sql = format!("{} WHERE g.id = ANY($1)", *rows::SNAPSHOT);
    let found = session.rows(&sql, &[&ids]).await?;
    let found = found.iter().map(rows::snapshot);
    let snapshots = found.collect::<Result<Vec<_>, _>>()?;
    let periods: Vec<_> = snapshots.iter().map(|one| one.state_period(now)).collect();
    let gateways = || snapshots.iter().map(|one| &one.gateway);
    let ids: Vec<_> = gateways().map(|gateway| gateway.id.as_str()).collect();
    let states: Vec<_> = periods.iter().map(|one| one.state.as_str()).collect();
    let generations = gateways().map(|gateway| bigint(gateway.generation));
    let generations = generations.collect::<Result<Vec<_>, _>>()?;
    let from: Vec<_> = periods.iter().map(|one| one.from).collect();
    let until: Vec<_> = periods.iter().map(|one| one.until).collect();
    let values: [&(dyn ToSql + Sync); 5] = [&ids, &states, &generations, &from, &until];
    session.rows(SETTLE, &values).await?;
    session.batch_execute("COMMIT").await
}

/// The extension of the period of the state that an instance has, whose lease was extended.
pub(super) struct Extension {
    gateway: String,
    state: &'static str,
    generation: i64,
    now: i64,
    until: i64,
    unless_after: i64,
}

impl Extension {
    /// Returns the extension; `None` if the instance is not live.
    pub(super) fn new(
        now: Timestamp,
        current: &DesiredState,
        lease_until: Timestamp,
        report: &StatusReport,
    ) -> Result<Option<Self>, QueryError> {
        let state = current.state_of(report);
        let until = lease_until.as_microsecond();
        let extension = Self {
            gateway: current.gateway.id.to_string(),
            state: state.as_str(),
            generation: bigint(current.gateway.generation)?,
            now: now.as_microsecond(),
            until,
            unless_after: until - i64::from(report.lease_seconds) * RENEWED_PART,
        };
        Ok(Some(extension).filter(|_| state != SyncState::Offline))
    }

    /// Returns the values of [`EXTEND`].
    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 6] {
        [
            &self.gateway,
            &self.state,
            &self.generation,
            &self.now,
            &self.until,
            &self.unless_after,
        ]
    }
}
