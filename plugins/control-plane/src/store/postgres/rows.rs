//! Reading rows.

use std::fmt::Display;

use kt_control_api::{
    ConfigVersion, ContentHash, DesiredVersion, DriftPolicy, StatusReport, Timestamp, VersionOrigin,
};
use serde::Deserialize;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::failure::Failure;
use crate::store::{GatewayRecord, GatewaySnapshot, InstanceRecord, StoreError};

/// Everything that [`snapshot`] reads, in one statement and so of one moment.
pub(super) const GATEWAY: &str = "
    SELECT g.id, g.name, g.description, g.labels::text AS labels, g.rev, g.generation,
           g.reload_generation, g.reconcile_generation, g.last_version, g.created_at,
           g.updated_at, g.deleted_at, g.desired_version, g.drift_policy,
           v.sha256 AS desired_sha256,
           (SELECT coalesce(json_agg(json_build_object('report', i.report, 'seen_at', i.seen_at,
                       'lease_until', i.lease_until) ORDER BY i.seen_at DESC, i.instance_id), '[]')
            FROM instances i WHERE i.gateway_id = g.id)::text AS instances
    FROM gateways g
    LEFT JOIN config_versions v ON v.gateway_id = g.id AND v.version = g.desired_version";

/// Everything that [`version`] reads.
pub(super) const VERSION: &str = "
    SELECT version, sha256, size, author, created_at, origin, reverts_to, source, message,
           pinned, pruned_at
    FROM config_versions";

#[derive(Deserialize)]
struct Instance {
    report: StatusReport,
    seen_at: i64,
    lease_until: i64,
}

pub(super) fn snapshot(row: &Row) -> Result<GatewaySnapshot, Failure> {
    let instances: Vec<Instance> = serde_json::from_str(row.try_get("instances")?)?;
    let known = |instance: Instance| {
        Ok(InstanceRecord {
            report: instance.report,
            seen_at: time_of(instance.seen_at)?,
            lease_until: time_of(instance.lease_until)?,
        })
    };
    Ok(GatewaySnapshot {
        gateway: gateway(row)?,
        instances: instances
            .into_iter()
            .map(known)
            .collect::<Result<_, Failure>>()?,
    })
}

fn gateway(row: &Row) -> Result<GatewayRecord, Failure> {
    let generation = number(row, "generation")?;
    let desired = match row.try_get::<_, Option<i64>>("desired_version")? {
        Some(_) => Some(DesiredVersion {
            version: number(row, "desired_version")?,
            generation,
            sha256: hash(row, "desired_sha256")?,
        }),
        None => None,
    };
    Ok(GatewayRecord {
        id: word(row, "id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        labels: serde_json::from_str(row.try_get("labels")?)?,
        drift: drift(row)?,
        rev: number(row, "rev")?,
        generation,
        reload_generation: number(row, "reload_generation")?,
        reconcile_generation: number(row, "reconcile_generation")?,
        last_version: number(row, "last_version")?,
        desired,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn drift(row: &Row) -> Result<DriftPolicy, Failure> {
    let word = row.try_get("drift_policy")?;
    DriftPolicy::parse(word).ok_or_else(|| damaged("drift_policy"))
}

pub(super) fn version(row: &Row) -> Result<ConfigVersion, Failure> {
    Ok(ConfigVersion {
        version: number(row, "version")?,
        sha256: hash(row, "sha256")?,
        size: number(row, "size")?,
        author: row.try_get("author")?,
        created_at: time(row, "created_at")?,
        origin: VersionOrigin::parse(row.try_get("origin")?).ok_or_else(|| damaged("origin"))?,
        reverts_to: number_or_none(row, "reverts_to")?,
        source: row.try_get("source")?,
        message: row.try_get("message")?,
        pinned: row.try_get("pinned")?,
        pruned_at: time_or_none(row, "pruned_at")?,
    })
}

pub(super) fn number(row: &Row, column: &str) -> Result<u64, Failure> {
    row.try_get::<_, i64>(column)?
        .try_into()
        .map_err(|_| damaged(column))
}

pub(super) fn number_or_none(row: &Row, column: &str) -> Result<Option<u64>, Failure> {
    match row.try_get::<_, Option<i64>>(column)? {
        Some(_) => number(row, column).map(Some),
        None => Ok(None),
    }
}

pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp, Failure> {
    time_of(row.try_get(column)?)
}

pub(super) fn time_or_none(row: &Row, column: &str) -> Result<Option<Timestamp>, Failure> {
    let micros: Option<i64> = row.try_get(column)?;
    micros.map(time_of).transpose()
}

pub(super) fn time_of(micros: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_microsecond(micros).map_err(|_| damaged("a time"))
}

/// Reads a column of 32 bytes.
pub(super) fn bytes(row: &Row, column: &str) -> Result<[u8; 32], Failure> {
    row.try_get::<_, &[u8]>(column)?
        .try_into()
        .map_err(|_| damaged(column))
}

pub(super) fn hash(row: &Row, column: &str) -> Result<ContentHash, Failure> {
    bytes(row, column).map(ContentHash::from_bytes)
}

/// Reads a column and parses it.
pub(super) fn word<T: std::str::FromStr>(row: &Row, column: &str) -> Result<T, Failure> {
    row.try_get::<_, &str>(column)?
        .parse()
        .map_err(|_| damaged(column))
}

/// Reads the only column of a row.
pub(super) fn only<'a, T: FromSql<'a>>(row: &'a Row) -> Result<T, Failure> {
    Ok(row.try_get(0)?)
}

/// Turns a number into one of the database's, which count in 63 bits.
pub(super) fn counted(number: u64) -> Result<i64, Failure> {
    number
        .try_into()
        .map_err(|_| Failure::Refused(StoreError::Failed(format!("{number} is too large"))))
}

pub(super) fn damaged(what: impl Display) -> Failure {
    Failure::Refused(StoreError::Failed(format!(
        "a row cannot be read: {what} is damaged"
    )))
}
