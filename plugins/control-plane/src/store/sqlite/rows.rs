//! Reading rows.

use std::collections::BTreeMap;

use kt_control_api::{
    ConfigVersion, ContentHash, DesiredVersion, DriftPolicy, GatewayId, Timestamp, VersionOrigin,
};
use rusqlite::types::{FromSql, Type};
use rusqlite::{Result, Row};

use crate::store::GatewayRecord;

/// Everything that [`gateway`] reads.
pub(super) const GATEWAY: &str = "
    SELECT g.id, g.name, g.description, g.labels, g.rev, g.generation, g.reload_generation,
           g.reconcile_generation, g.last_version, g.created_at, g.updated_at,
           g.desired_version, g.drift_policy, v.sha256 AS desired_sha256
    FROM gateways g
    LEFT JOIN config_versions v ON v.gateway_id = g.id AND v.version = g.desired_version";

/// Everything that [`version`] reads.
pub(super) const VERSION: &str = "
    SELECT version, sha256, size, author, created_at, origin, reverts_to, source, message,
           pinned, pruned_at
    FROM config_versions";

pub(super) fn gateway(row: &Row<'_>) -> Result<GatewayRecord> {
    let generation = row.get("generation")?;
    let desired = match row.get::<_, Option<u64>>("desired_version")? {
        Some(version) => Some(DesiredVersion {
            version,
            generation,
            sha256: hash(row, "desired_sha256")?,
        }),
        None => None,
    };
    Ok(GatewayRecord {
        id: parsed::<String, _>(row, "id", |text| text.parse::<GatewayId>().ok())?,
        name: row.get("name")?,
        description: row.get("description")?,
        labels: parsed::<String, BTreeMap<_, _>>(row, "labels", |text| {
            serde_json::from_str(&text).ok()
        })?,
        drift: parsed::<String, _>(row, "drift_policy", |word| DriftPolicy::parse(&word))?,
        rev: row.get("rev")?,
        generation,
        reload_generation: row.get("reload_generation")?,
        reconcile_generation: row.get("reconcile_generation")?,
        last_version: row.get("last_version")?,
        desired,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn version(row: &Row<'_>) -> Result<ConfigVersion> {
    Ok(ConfigVersion {
        version: row.get("version")?,
        sha256: hash(row, "sha256")?,
        size: row.get("size")?,
        author: row.get("author")?,
        created_at: time(row, "created_at")?,
        origin: parsed::<String, _>(row, "origin", |word| VersionOrigin::parse(&word))?,
        reverts_to: row.get("reverts_to")?,
        source: row.get("source")?,
        message: row.get("message")?,
        pinned: row.get("pinned")?,
        pruned_at: time_or_none(row, "pruned_at")?,
    })
}

pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    parsed::<i64, _>(row, column, |micros| {
        Timestamp::from_microsecond(micros).ok()
    })
}

pub(super) fn time_or_none(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    match row.get::<_, Option<i64>>(column)? {
        Some(_) => time(row, column).map(Some),
        None => Ok(None),
    }
}

pub(super) fn hash(row: &Row<'_>, column: &str) -> Result<ContentHash> {
    row.get(column).map(ContentHash::from_bytes)
}

pub(super) fn hash_or_none(row: &Row<'_>, column: &str) -> Result<Option<ContentHash>> {
    let hash: Option<[u8; 32]> = row.get(column)?;
    Ok(hash.map(ContentHash::from_bytes))
}

/// Reads a column and turns it into what it stands for.
pub(super) fn parsed<S: FromSql, T>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(S) -> Option<T>,
) -> Result<T> {
    let at = row.as_ref().column_index(column)?;
    let damaged =
        || rusqlite::Error::FromSqlConversionFailure(at, Type::Null, "damaged value".into());
    parse(row.get(at)?).ok_or_else(damaged)
}
