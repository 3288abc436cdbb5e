//! Versions and their contents.

use kt_control_api::{ConfigVersion, GatewayId};

use super::failure::Failure;
use super::rows;
use super::session::Session;
use crate::store::StoreError;

pub(super) async fn list(
    session: &Session,
    gateway: &GatewayId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<ConfigVersion>, Failure> {
    let sql = format!(
        "{} WHERE gateway_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3",
        rows::VERSION
    );
    let below = before.map_or(i64::MAX, |n| i64::try_from(n).unwrap_or(i64::MAX));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = session
        .rows(&sql, &[&gateway.as_str(), &below, &limit])
        .await?;
    found.iter().map(rows::version).collect()
}

pub(super) async fn one(
    session: &Session,
    gateway: &GatewayId,
    version: u64,
) -> Result<ConfigVersion, Failure> {
    let sql = format!("{} WHERE gateway_id = $1 AND version = $2", rows::VERSION);
    let number = i64::try_from(version).map_err(|_| StoreError::no_version(version))?;
    let row = session.row(&sql, &[&gateway.as_str(), &number]).await?;
    rows::version(&row.ok_or_else(|| StoreError::no_version(version))?)
}

pub(super) async fn content(
    session: &Session,
    gateway: &GatewayId,
    version: u64,
) -> Result<String, Failure> {
    let sql = "SELECT b.content FROM config_versions v JOIN blobs b ON b.sha256 = v.blob
               WHERE v.gateway_id = $1 AND v.version = $2 AND v.pruned_at IS NULL";
    let number = i64::try_from(version).map_err(|_| StoreError::no_version(version))?;
    let Some(row) = session.row(sql, &[&gateway.as_str(), &number]).await? else {
        let version = one(session, gateway, version).await?;
        return Err(StoreError::without_content(&version).into());
    };
    String::from_utf8(rows::only(&row)?).map_err(|_| rows::damaged("content"))
}
