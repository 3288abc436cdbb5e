//! The stored states of gateways.

use kt_control_api::{GatewayId, Timestamp};
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows::{self, bigint};
use super::session::Session;

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

pub(super) async fn has_unsettled(session: &Session, now: Timestamp) -> Result<bool, QueryError> {
    let row = session.row(UNSETTLED, &[&now.as_microsecond()]).await?;
    row.as_ref().map_or(Ok(false), rows::only)
}

/// Stores states, and returns whether there were any to store. Ends the transaction except after an
/// error.
pub(super) async fn settle(session: &mut Session, now: Timestamp) -> Result<bool, QueryError> {
    session.begin();
    let settled = attempt(session, now).await;
    match settled {
        Ok(_) => session.committed(),
        Err(_) => session.roll_back().await,
    }
    settled
}

async fn attempt(session: &Session, now: Timestamp) -> Result<bool, QueryError> {
    session.batch_execute("BEGIN").await?;
    let time = now.as_microsecond();
    let mut ids = Vec::new();
    for sql in [LOCK_ENDED, LOCK_NOT_BEGUN] {
        for row in session.rows(sql, &[&time]).await? {
            ids.push(rows::parse::<GatewayId>(&row, "gateway_id")?.to_string());
        }
    }
    if ids.is_empty() {
        session.batch_execute("COMMIT").await?;
        return Ok(false);
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
    session.batch_execute("COMMIT").await?;
    Ok(true)
}
