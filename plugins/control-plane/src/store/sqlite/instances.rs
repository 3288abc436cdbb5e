//! Reports of instances.

use kt_control_api::{GatewayId, InstanceId, StatusReport, Timestamp};
use rusqlite::{Connection, params};

use super::write_transaction::WriteTransaction;
use super::{leases, rows};
use crate::store::rows::{OUTCOMES_KEPT, deletes_oldest};
use crate::store::snapshot::{
    EXPIRED_INSTANCES_KEPT, MAX_INSTANCES, is_change, is_renewal, new_answers,
};
use crate::store::table::Row;
use crate::store::{
    ApplyOutcomeRow, DesiredState, InstanceRecord, LeaseRenewal, ReportReceipt, StoreError,
};

pub(super) fn of(
    connection: &Connection,
    gateway: &GatewayId,
) -> Result<Vec<InstanceRecord>, rusqlite::Error> {
    let condition = "WHERE gateway_id = ?1 ORDER BY seen_at DESC, instance_id";
    rows::query(connection, condition, [gateway.as_str()])
}

pub(super) fn one(
    connection: &Connection,
    gateway: &GatewayId,
    instance: &InstanceId,
) -> Result<Option<InstanceRecord>, rusqlite::Error> {
    let condition = "WHERE gateway_id = ?1 AND instance_id = ?2";
    rows::query_one(connection, condition, [gateway.as_str(), instance.as_str()])
}

/// Returns whether a live instance has neither applied nor rejected the generation.
pub(super) fn awaits_answer(
    connection: &Connection,
    gateway: &GatewayId,
    generation: u64,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    let condition = "WHERE gateway_id = ?1 AND answered_generation < ?2 AND lease_until > ?3";
    let sql = rows::select::<InstanceRecord>(condition);
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params![gateway.as_str(), generation, now.as_microsecond()];
    let mut found = statement.query(values)?;
    while let Some(row) = found.next()? {
        if InstanceRecord::from_row(row)?.is_live(now) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn report(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    current: &DesiredState,
    report: &StatusReport,
) -> Result<ReportReceipt, StoreError> {
    let gateway = &current.gateway;
    let before = one(transaction, &gateway.id, &report.instance_id)?;
    let mut receipt = ReportReceipt::new(now, current, report);
    if let Some(before) = before.as_ref().filter(|before| before.seq >= report.seq) {
        receipt.lease_until = before.lease_until;
        receipt.ignored = true;
        return Ok(receipt);
    }
    let lease_until = receipt.lease_until;
    if before
        .as_ref()
        .is_some_and(|before| is_renewal(before, now, lease_until, report))
    {
        let renewal = LeaseRenewal::new(now, current, &receipt, report);
        leases::renew(transaction, &renewal)?;
        return Ok(receipt);
    }
    receipt.changed = is_change(before.as_ref(), now, report);
    if before.is_none() {
        make_room(transaction, now, &gateway.id)?;
    }
    receipt.rejected = store_answers(
        transaction,
        now,
        &gateway.id,
        before.map(|b| b.report).as_ref(),
        report,
    )?;
    put(transaction, now, &receipt, report)?;
    Ok(receipt)
}

fn put(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    receipt: &ReportReceipt,
    report: &StatusReport,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO instances(gateway_id, instance_id, seq, seen_at, lease_until, report)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT(gateway_id, instance_id) DO UPDATE SET seq = excluded.seq,
                   seen_at = excluded.seen_at, lease_until = excluded.lease_until,
                   report = excluded.report";
    let gateway = receipt.gateway.as_str();
    transaction.prepare_cached(sql)?.execute(params![
        gateway,
        report.instance_id.as_str(),
        report.seq,
        now.as_microsecond(),
        receipt.lease_until.as_microsecond(),
        serde_json::to_string(report)?,
    ])?;
    Ok(())
}

/// Deletes the oldest expired instances before a new one is added.
fn make_room(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    gateway: &GatewayId,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM instances WHERE gateway_id = ?1 AND instance_id IN (
                   SELECT instance_id FROM instances WHERE gateway_id = ?1 AND lease_until <= ?2
                   ORDER BY seen_at DESC LIMIT -1 OFFSET ?3)";
    let now = now.as_microsecond();
    transaction.prepare_cached(sql)?.execute(params![
        gateway.as_str(),
        now,
        EXPIRED_INSTANCES_KEPT
    ])?;
    let sql = "SELECT count(*) FROM instances WHERE gateway_id = ?1 AND lease_until > ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let live: i64 = statement.query_row(params![gateway.as_str(), now], |row| row.get(0))?;
    if live >= MAX_INSTANCES {
        return Err(StoreError::TooManyInstances(MAX_INSTANCES));
    }
    Ok(())
}

/// Stores each new answer: an applied or rejected generation that the last report did not have.
/// Returns whether one was rejected.
fn store_answers(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    gateway: &GatewayId,
    before: Option<&StatusReport>,
    report: &StatusReport,
) -> Result<bool, StoreError> {
    let (applied, rejection) = new_answers(before, report);
    let applied = applied.map(|new| ApplyOutcomeRow::applied(now, gateway, report, new));
    let rejected = rejection.map(|new| ApplyOutcomeRow::rejected(now, gateway, report, new));
    for row in applied.iter().chain(&rejected) {
        rows::insert(transaction, row, "")?;
    }
    if (applied.is_some() || rejected.is_some()) && deletes_oldest(report) {
        delete_oldest_outcomes(transaction, gateway)?;
    }
    Ok(rejected.is_some())
}

fn delete_oldest_outcomes(
    transaction: &WriteTransaction<'_>,
    gateway: &GatewayId,
) -> Result<(), rusqlite::Error> {
    let sql = "DELETE FROM apply_history WHERE gateway_id = ?1 AND seq <= (
                   SELECT seq FROM apply_history WHERE gateway_id = ?1
                   ORDER BY seq DESC LIMIT 1 OFFSET ?2)";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![gateway.as_str(), OUTCOMES_KEPT])?;
    Ok(())
}
