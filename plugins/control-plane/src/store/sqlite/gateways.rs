//! Finds gateways.

use kt_control_api::{ContentHash, DesiredVersion, GatewayId};
use rusqlite::{Connection, params};

use super::{instances, rows};
use crate::store::{GatewayFilter, GatewayRef, GatewayRow, GatewaySnapshot, StoreError};

pub(super) fn find(
    connection: &Connection,
    gateway_ref: &GatewayRef,
) -> Result<GatewayRow, StoreError> {
    let (condition, text) = match gateway_ref {
        GatewayRef::Id(id) => ("WHERE id = ?1 AND deleted_at IS NULL", id.as_str()),
        GatewayRef::Name(name) => ("WHERE name = ?1 AND deleted_at IS NULL", name.as_str()),
    };
    match (rows::query_one(connection, condition, [text])?, gateway_ref) {
        (Some(gateway), _) => Ok(gateway),
        (None, GatewayRef::Id(id)) if was_deleted(connection, id)? => {
            Err(StoreError::Gone(id.clone()))
        }
        (None, _) => Err(StoreError::NotFound(format!("gateway `{text}`"))),
    }
}

pub(super) fn snapshot(
    connection: &Connection,
    gateway_ref: &GatewayRef,
) -> Result<GatewaySnapshot, StoreError> {
    with_instances(connection, find(connection, gateway_ref)?)
}

pub(super) fn list(
    connection: &Connection,
    filter: &GatewayFilter,
) -> Result<Vec<GatewaySnapshot>, StoreError> {
    // Compares byte by byte, unlike LIKE, which folds case and has wildcards.
    let condition = "WHERE deleted_at IS NULL AND name > ?1 AND substr(name, 1, length(?2)) = ?2
            AND NOT EXISTS (SELECT 1 FROM json_each(?3) wanted
                WHERE NOT EXISTS (SELECT 1 FROM json_each(gateways.labels) has
                    WHERE has.gateway_ref = wanted.gateway_ref AND has.value = wanted.value))
         ORDER BY name LIMIT ?4";
    let after = filter.after.as_deref().unwrap_or_default();
    let labels = serde_json::to_string(&filter.labels)?;
    let values = params![after, filter.prefix, labels, filter.limit as u64];
    rows::query(connection, condition, values)?
        .into_iter()
        .map(|gateway| with_instances(connection, gateway))
        .collect()
}

/// Returns the id of the gateway that has the name.
pub(super) fn owner_of_name(
    connection: &Connection,
    name: &str,
) -> Result<Option<GatewayId>, StoreError> {
    match find(connection, &GatewayRef::Name(name.to_owned())) {
        Ok(gateway) => Ok(Some(gateway.id)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn with_instances(
    connection: &Connection,
    gateway: GatewayRow,
) -> Result<GatewaySnapshot, StoreError> {
    Ok(GatewaySnapshot {
        desired: desired(connection, &gateway)?,
        instances: instances::of(connection, &gateway.id)?,
        gateway,
    })
}

fn desired(
    connection: &Connection,
    gateway: &GatewayRow,
) -> Result<Option<DesiredVersion>, rusqlite::Error> {
    let Some(version) = gateway.desired_version else {
        return Ok(None);
    };
    let sql = "SELECT sha256 FROM config_versions WHERE gateway_id = ?1 AND version = ?2";
    let sha256 = connection
        .prepare_cached(sql)?
        .query_row(params![gateway.id.as_str(), version], |row| row.get(0))?;
    Ok(Some(DesiredVersion {
        version,
        generation: gateway.generation,
        sha256: ContentHash::from_bytes(sha256),
    }))
}

fn was_deleted(connection: &Connection, id: &GatewayId) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM gateways WHERE id = ?1)";
    Ok(connection.query_row(sql, [id.as_str()], |row| row.get(0))?)
}
