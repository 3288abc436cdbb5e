//! The stored states of gateways.

use kt_control_api::{GatewayId, Timestamp};
use rusqlite::{Connection, params};

use super::gateways;
use super::write_transaction::WriteTransaction;
use crate::store::snapshot::INSTANCES_PER_SETTLEMENT;
use crate::store::{GatewayRef, StoreError};

const ENDED: &str = "SELECT gateway_id FROM gateway_states
    WHERE valid_until <= ?1 AND valid_until < 9223372036854775807 LIMIT 50";
/// When the clock was set back.
const NOT_BEGUN: &str = "SELECT gateway_id FROM gateway_states
    WHERE valid_from > ?1 AND valid_from > 0 LIMIT 50";

pub(super) fn has_unsettled(connection: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    for sql in [ENDED, NOT_BEGUN] {
        if connection
            .prepare_cached(sql)?
            .exists([now.as_microsecond()])?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn settle(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut unsettled: Vec<GatewayId> = Vec::new();
    for sql in [ENDED, NOT_BEGUN] {
        let mut statement = transaction.prepare_cached(sql)?;
        let mut found = statement.query([now.as_microsecond()])?;
        while let Some(row) = found.next()? {
            let id = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            unsettled.extend(id.parse());
        }
    }
    let sql =
        "UPDATE gateway_states SET state = ?2, generation = ?3, valid_from = ?4, valid_until = ?5
               WHERE gateway_id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let (mut instances, found) = (0, !unsettled.is_empty());
    for id in unsettled {
        let snapshot = gateways::snapshot(transaction, &GatewayRef::Id(id))?;
        let gateway = &snapshot.gateway;
        let period = snapshot.state_period(now);
        statement.execute(params![
            gateway.id.as_str(),
            period.state.as_str(),
            gateway.generation,
            period.from,
            period.until,
        ])?;
        instances += snapshot.instances.len();
        if instances >= INSTANCES_PER_SETTLEMENT {
            break;
        }
    }
    Ok(found)
}
