//! Reports of instances.

use std::sync::LazyLock;

use kt_control_api::{GatewayId, InstanceId, StatusReport, Timestamp};
use tokio_postgres::types::ToSql;

use super::gateways;
use super::leases::{self, RENEW};
use super::query_error::QueryError;
use super::rows::{self, bigint};
use super::session::Session;
use super::text::{storable, storable_json};
use crate::store::lease_renewal::deferrable;
use crate::store::rows::{OUTCOMES_KEPT, deletes_oldest};
use crate::store::snapshot::{
    EXPIRED_INSTANCES_KEPT, MAX_INSTANCES, is_change, is_renewal, new_answers,
};
use crate::store::table::Row as _;
use crate::store::{GatewayRef, InstanceRecord, LeaseRenewal, ReportReceipt, StoreError};

/// Serializes the reports of an instance, whichever server receives them.
const LOCK_INSTANCE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
static ONE: LazyLock<String> =
    LazyLock::new(|| rows::select::<InstanceRecord>("WHERE gateway_id = $1 AND instance_id = $2"));
/// Those that have not answered a generation, in batches by their ids: the first one usually
/// suffices, and the others may be thousands.
static UNANSWERED: LazyLock<String> = LazyLock::new(|| {
    rows::select::<InstanceRecord>(
        "WHERE gateway_id = $1 AND answered_generation < $2 AND lease_until > $3
           AND instance_id > $4 ORDER BY instance_id LIMIT $5",
    )
});

/// Keeps each new answer, then the report.
const PUT: &str = "
    WITH answers AS (
      INSERT INTO apply_history(at, gateway_id, instance_id, generation, version, outcome, code,
        message)
      SELECT $4::bigint, $1::text, $2::text, $7::bigint, $8::bigint, 'applied', NULL, NULL
        WHERE $7::bigint IS NOT NULL
      UNION ALL
      SELECT $4::bigint, $1::text, $2::text, $9::bigint, $10::bigint, 'rejected', $11::text,
        $12::text WHERE $9::bigint IS NOT NULL)
    INSERT INTO instances(gateway_id, instance_id, seq, seen_at, lease_until, report)
    VALUES($1::text, $2::text, $3, $4::bigint, $5, $6::text::jsonb)
    ON CONFLICT(gateway_id, instance_id) DO UPDATE SET seq = excluded.seq,
      seen_at = excluded.seen_at, lease_until = excluded.lease_until, report = excluded.report";
const PRUNE: &str = "DELETE FROM instances WHERE gateway_id = $1 AND instance_id IN (
    SELECT instance_id FROM instances WHERE gateway_id = $1 AND lease_until <= $2
    ORDER BY seen_at DESC OFFSET $3)";
const DELETE_OLDEST_OUTCOMES: &str = "DELETE FROM apply_history WHERE gateway_id = $1 AND seq <= (
    SELECT seq FROM apply_history WHERE gateway_id = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1)";
const COUNT: &str = "SELECT count(*) AS live FROM instances
    WHERE gateway_id = $1 AND lease_until > $2";

/// How many instances that have not answered are read at a time.
const UNANSWERED_BATCH: i64 = 50;

pub(super) async fn one(
    session: &Session,
    gateway: &GatewayId,
    instance: &InstanceId,
) -> Result<Option<InstanceRecord>, QueryError> {
    let row = session
        .row(&ONE, &[&gateway.as_str(), &instance.as_str()])
        .await?;
    row.as_ref().map(InstanceRecord::from_row).transpose()
}

/// Returns whether a live instance has neither applied nor rejected the generation.
pub(super) async fn awaits_answer(
    session: &Session,
    gateway: &GatewayId,
    generation: u64,
    now: Timestamp,
) -> Result<bool, QueryError> {
    let (gateway, generation) = (gateway.as_str(), bigint(generation)?);
    let at = now.as_microsecond();
    let mut last = String::new();
    loop {
        let values: [&(dyn ToSql + Sync); 5] =
            [&gateway, &generation, &at, &last, &UNANSWERED_BATCH];
        let found: Vec<InstanceRecord> =
            rows::read_all(&session.rows(&UNANSWERED, &values).await?)?;
        if found.iter().any(|one| one.is_live(now)) {
            return Ok(true);
        }
        match found.last() {
            Some(one) => last = one.report.instance_id.to_string(),
            None => return Ok(false),
        }
    }
}

/// Returns the renewal by a report, if it may be stored later.
pub(super) async fn lease_renewal(
    session: &Session,
    now: Timestamp,
    gateway: &GatewayId,
    report: &StatusReport,
) -> Result<Option<(ReportReceipt, LeaseRenewal)>, QueryError> {
    let gateway_ref = GatewayRef::Id(gateway.clone());
    let (current, before) = tokio::join!(
        biased;
        gateways::desired_state(session, &gateway_ref),
        one(session, gateway, &report.instance_id),
    );
    match before? {
        Some(before) => Ok(deferrable(now, &current?, &before, report)),
        None => Ok(None),
    }
}

/// Stores a report. Ends the transaction except after an error.
pub(super) async fn report(
    session: &mut Session,
    now: Timestamp,
    gateway_ref: &GatewayRef,
    report: &StatusReport,
) -> Result<ReportReceipt, QueryError> {
    let outcome = attempt(session, now, gateway_ref, report).await;
    if outcome.is_err() {
        session.roll_back().await;
    }
    outcome
}

async fn attempt(
    session: &mut Session,
    now: Timestamp,
    gateway_ref: &GatewayRef,
    report: &StatusReport,
) -> Result<ReportReceipt, QueryError> {
    let (condition, text) = gateways::lookup(gateway_ref);
    let select = format!("{} {condition}", *rows::STATE);
    session
        .prepare(&[LOCK_INSTANCE, &select, &ONE, PUT, RENEW, PRUNE, COUNT])
        .await?;
    session.begin();
    let instance = report.instance_id.as_str();
    let name = storable(text);
    let (values, named): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) =
        ([&instance], [&name]);
    let (begun, locked, row) = tokio::join!(
        biased;
        session.batch_execute("BEGIN"),
        session.rows(LOCK_INSTANCE, &values),
        session.row(&select, &named),
    );
    begun?;
    drop(locked?);
    let current = rows::state(&gateways::present(gateway_ref, row?)?)?;
    let mut receipt = ReportReceipt::new(now, &current, report);
    let previous = one(session, &receipt.gateway, &report.instance_id).await?;
    match &previous {
        Some(before) if before.seq >= report.seq => {
            receipt.lease_until = before.lease_until;
            receipt.ignored = true;
            session.roll_back().await;
        }
        Some(before) if is_renewal(before, now, receipt.lease_until, report) => {
            let renewal = LeaseRenewal::new(now, &current, &receipt, report);
            let (renewed, committed) = tokio::join!(
                biased;
                leases::renew(session, std::slice::from_ref(&renewal)),
                session.batch_execute("COMMIT"),
            );
            renewed.and(committed)?;
            session.committed();
        }
        _ => {
            let before = previous.as_ref().map(|previous| &previous.report);
            let (applied, rejection) = new_answers(before, report);
            receipt.rejected = rejection.is_some();
            if (applied.is_some() || rejection.is_some()) && deletes_oldest(report) {
                let values: [&(dyn ToSql + Sync); 2] = [&receipt.gateway.as_str(), &OUTCOMES_KEPT];
                session.rows(DELETE_OLDEST_OUTCOMES, &values).await?;
            }
            receipt.changed = is_change(previous.as_ref(), now, report);
            if before.is_none() {
                make_room(session, now, &receipt.gateway).await?;
            }
            let (stored, committed) = tokio::join!(
                biased;
                put(session, now, &receipt, before, report),
                session.batch_execute("COMMIT"),
            );
            stored.and(committed)?;
            session.committed();
        }
    }
    Ok(receipt)
}

async fn put(
    session: &Session,
    now: Timestamp,
    receipt: &ReportReceipt,
    before: Option<&StatusReport>,
    report: &StatusReport,
) -> Result<(), QueryError> {
    let (applied, rejection) = new_answers(before, report);
    let whole = storable_json(serde_json::to_value(report)?).to_string();
    let number = |number: Option<u64>| number.map(bigint).transpose();
    let values: [&(dyn ToSql + Sync); 12] = [
        &receipt.gateway.as_str(),
        &report.instance_id.as_str(),
        &bigint(report.seq)?,
        &now.as_microsecond(),
        &receipt.lease_until.as_microsecond(),
        &whole,
        &number(applied.map(|new| new.generation))?,
        &number(applied.and_then(|new| new.version))?,
        &number(rejection.map(|new| new.generation))?,
        &number(rejection.and_then(|new| new.version))?,
        &rejection.map(|new| storable(&new.code)),
        &rejection.map(|new| storable(&new.message)),
    ];
    session.rows(PUT, &values).await.map(drop)
}

/// Deletes the oldest expired instances before a new one is added.
async fn make_room(
    session: &Session,
    now: Timestamp,
    gateway: &GatewayId,
) -> Result<(), QueryError> {
    let (gateway, now) = (gateway.as_str(), now.as_microsecond());
    let expired: [&(dyn ToSql + Sync); 3] = [&gateway, &now, &EXPIRED_INSTANCES_KEPT];
    let live: [&(dyn ToSql + Sync); 2] = [&gateway, &now];
    let (pruned, counted) = tokio::join!(
        biased;
        session.rows(PRUNE, &expired),
        session.row(COUNT, &live),
    );
    drop(pruned?);
    let live: i64 = counted?.map_or(Ok(0), |row| row.try_get("live"))?;
    if live >= MAX_INSTANCES {
        return Err(StoreError::TooManyInstances(MAX_INSTANCES).into());
    }
    Ok(())
}
