//! Reports of instances.

use kt_control_api::{DriftPolicy, GatewayId, StatusReport, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows;
use super::write_transaction::WriteTransaction;
use crate::store::{
    GatewayRecord, INSTANCES_KEPT, InstanceRecord, ReportReceipt, StoreError, new_answers,
};

pub(super) fn of(
    connection: &Connection,
    gateway: &GatewayId,
) -> Result<Vec<InstanceRecord>, StoreError> {
    let sql = "SELECT report, seen_at, lease_until FROM instances WHERE gateway_id = ?1
               ORDER BY seen_at DESC, instance_id";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_map([gateway.as_str()], instance)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

fn instance(row: &Row<'_>) -> Result<InstanceRecord, rusqlite::Error> {
    Ok(InstanceRecord {
        report: rows::parsed::<String, _>(row, "report", |text| serde_json::from_str(&text).ok())?,
        seen_at: rows::time(row, "seen_at")?,
        lease_until: rows::time(row, "lease_until")?,
    })
}

pub(super) fn report(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    gateway: &GatewayRecord,
    report: &StatusReport,
) -> Result<ReportReceipt, StoreError> {
    let before = previous(transaction, &gateway.id, report)?;
    let mut receipt = ReportReceipt {
        gateway: gateway.id.clone(),
        generation: gateway.generation,
        lease_until: now + std::time::Duration::from_secs(report.lease_seconds.into()),
        ignored: false,
        refused: false,
        repairs: gateway.drift == DriftPolicy::Repair,
    };
    if let Some(before) = before
        .as_ref()
        .filter(|before| before.report.seq >= report.seq)
    {
        receipt.lease_until = before.lease_until;
        receipt.ignored = true;
        return Ok(receipt);
    }
    receipt.refused = remember_answers(
        transaction,
        now,
        &gateway.id,
        before.map(|b| b.report).as_ref(),
        report,
    )?;
    put(transaction, now, &receipt, report)?;
    Ok(receipt)
}

fn previous(
    transaction: &WriteTransaction<'_>,
    gateway: &GatewayId,
    report: &StatusReport,
) -> Result<Option<InstanceRecord>, StoreError> {
    let sql = "SELECT report, seen_at, lease_until FROM instances
               WHERE gateway_id = ?1 AND instance_id = ?2";
    let key = params![gateway.as_str(), report.instance_id.as_str()];
    Ok(transaction
        .prepare_cached(sql)?
        .query_row(key, instance)
        .optional()?)
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
    let sql = "DELETE FROM instances WHERE gateway_id = ?1 AND instance_id IN (
                   SELECT instance_id FROM instances WHERE gateway_id = ?1
                   ORDER BY seen_at DESC LIMIT -1 OFFSET ?2)";
    transaction
        .prepare_cached(sql)?
        .execute(params![gateway, INSTANCES_KEPT])?;
    Ok(())
}

/// Keeps each new answer: an applied or refused generation that the last report did not have.
/// Returns whether one was refused.
fn remember_answers(
    transaction: &WriteTransaction<'_>,
    now: Timestamp,
    gateway: &GatewayId,
    before: Option<&StatusReport>,
    report: &StatusReport,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO apply_history(at, gateway_id, instance_id, generation, version, outcome,
                   code, message)
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut statement = transaction.prepare_cached(sql)?;
    let (at, gateway, instance) = (
        now.as_microsecond(),
        gateway.as_str(),
        report.instance_id.as_str(),
    );
    let (applied, rejection) = new_answers(before, report);
    if let Some(new) = applied {
        let none = None::<String>;
        let row = params![
            at,
            gateway,
            instance,
            new.generation,
            new.version,
            "applied",
            none,
            none
        ];
        statement.execute(row)?;
    }
    if let Some(new) = rejection {
        let (code, message) = (&new.code, &new.message);
        let row = params![
            at,
            gateway,
            instance,
            new.generation,
            new.version,
            "rejected",
            code,
            message
        ];
        statement.execute(row)?;
    }
    Ok(rejection.is_some())
}
