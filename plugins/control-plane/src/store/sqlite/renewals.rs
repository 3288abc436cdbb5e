//! Finds reports that only extend a lease.

use kt_control_api::{GatewayId, StatusReport, Timestamp};
use rusqlite::Connection;

use super::{gateways, instances};
use crate::store::lease_renewal::deferrable;
use crate::store::{GatewayRef, LeaseRenewal, ReportReceipt, StoreError};

/// Returns the renewal by a report, if it may be stored later.
pub(super) fn find(
    connection: &Connection,
    now: Timestamp,
    gateway: &GatewayId,
    report: &StatusReport,
) -> Result<Option<(ReportReceipt, LeaseRenewal)>, StoreError> {
    let Some(before) = instances::one(connection, gateway, &report.instance_id)? else {
        return Ok(None);
    };
    let current = gateways::desired_state(connection, &GatewayRef::Id(gateway.clone()))?;
    Ok(deferrable(now, &current, &before, report))
}
