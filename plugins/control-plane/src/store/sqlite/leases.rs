//! Renewals of leases.

use kt_control_api::SyncState;
use rusqlite::params;

use super::write_transaction::WriteTransaction;
use crate::store::{LeaseRenewal, StoreError};

/// Extends a lease, unless a newer report is stored.
pub(super) fn renew(
    transaction: &WriteTransaction<'_>,
    renewal: &LeaseRenewal,
) -> Result<(), StoreError> {
    let sql = "UPDATE instances SET seq = ?3, seen_at = ?4, lease_until = ?5
               WHERE gateway_id = ?1 AND instance_id = ?2 AND seq < ?3";
    let renewed = transaction.prepare_cached(sql)?.execute(params![
        renewal.gateway.as_str(),
        renewal.instance.as_str(),
        renewal.seq,
        renewal.seen_at.as_microsecond(),
        renewal.lease_until.as_microsecond(),
    ])?;
    if renewed == 0 || renewal.state == SyncState::Offline {
        return Ok(());
    }
    // The period of the state that the instance has lasts as long as the lease.
    let sql = "UPDATE gateway_states SET valid_until = ?5
               WHERE gateway_id = ?1 AND state = ?2 AND generation = ?3
                 AND valid_from <= ?4 AND valid_until > ?4 AND valid_until < ?6";
    transaction.prepare_cached(sql)?.execute(params![
        renewal.gateway.as_str(),
        renewal.state.as_str(),
        renewal.generation,
        renewal.seen_at.as_microsecond(),
        renewal.lease_until.as_microsecond(),
        renewal.extends_before(),
    ])?;
    Ok(())
}
