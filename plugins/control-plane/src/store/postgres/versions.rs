//! Versions and their contents.

use kt_control_api::{ConfigVersion, GatewayId};

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use crate::store::table::Row;
use crate::store::{StoreError, VersionRow};

pub(super) async fn list(
    session: &Session,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, QueryError> {
    let condition = "WHERE gateway_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
    select(session, condition, gateway, before, limit).await
}

/// Returns versions that an instance has applied.
pub(super) async fn applied(
    session: &Session,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, QueryError> {
    let condition = "WHERE gateway_id = $1 AND version < $2 AND version IN
               (SELECT version FROM apply_history WHERE gateway_id = $1 AND outcome = 'applied')
               ORDER BY version DESC LIMIT $3";
    select(session, condition, gateway, before, limit).await
}

async fn select(
    session: &Session,
    condition: &str,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, QueryError> {
    let below = before.map_or(i64::MAX, |n| i64::try_from(n).unwrap_or(i64::MAX));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = session
        .rows(
            &rows::select::<VersionRow>(condition),
            &[&gateway.as_str(), &below, &limit],
        )
        .await?;
    let versions: Vec<VersionRow> = rows::read_all(&found)?;
    Ok(versions.into_iter().map(ConfigVersion::from).collect())
}

pub(super) async fn one(
    session: &Session,
    gateway: &GatewayId,
    version: u64,
) -> Result<Option<VersionRow>, QueryError> {
    let sql = rows::select::<VersionRow>("WHERE gateway_id = $1 AND version = $2");
    let Ok(number) = i64::try_from(version) else {
        return Ok(None);
    };
    let row = session.row(&sql, &[&gateway.as_str(), &number]).await?;
    row.as_ref().map(VersionRow::from_row).transpose()
}

pub(super) async fn content(
    session: &Session,
    gateway: &GatewayId,
    version: u64,
) -> Result<String, QueryError> {
    let sql = "SELECT b.content FROM config_versions v JOIN blobs b ON b.sha256 = v.blob
               WHERE v.gateway_id = $1 AND v.version = $2 AND v.pruned_at IS NULL";
    let number = i64::try_from(version).map_err(|_| StoreError::no_version(version))?;
    let Some(row) = session.row(sql, &[&gateway.as_str(), &number]).await? else {
        let stored = one(session, gateway, version).await?;
        let stored = stored.ok_or_else(|| StoreError::no_version(version))?;
        return Err(StoreError::without_content(version, stored.pruned_at).into());
    };
    String::from_utf8(rows::only(&row)?).map_err(|_| rows::corrupt("content"))
}
