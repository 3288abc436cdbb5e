//! Finds gateways.

use std::sync::LazyLock;

use kt_control_api::{ContentHash, DesiredVersion, GatewayId};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::{instances, rows};
use crate::store::table::{Dialect, Row};
use crate::store::{
    DesiredState, GatewayFilter, GatewayRef, GatewayRow, GatewaySnapshot, StoreError,
};

/// Selects a gateway `g` with its desired version, and the epoch.
static STATE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {}, v.sha256 AS desired_sha256,
           (SELECT m.v FROM meta m WHERE m.k = 'epoch') AS epoch FROM gateways g
         LEFT JOIN config_versions v ON v.gateway_id = g.id AND v.version = g.desired_version",
        rows::select_list::<GatewayRow>("g.")
    )
});

pub(super) fn find(
    connection: &Connection,
    gateway_ref: &GatewayRef,
) -> Result<GatewayRow, StoreError> {
    let (condition, text) = lookup(gateway_ref);
    let columns = rows::select_list::<GatewayRow>("g.");
    let sql = format!("SELECT {columns} FROM gateways g {condition}");
    let found = connection
        .prepare_cached(&sql)?
        .query_row([text], |row| GatewayRow::from_row(row))
        .optional()?;
    match found {
        Some(gateway) => Ok(gateway),
        None => Err(missing(connection, gateway_ref)?),
    }
}

pub(super) fn desired_state(
    connection: &Connection,
    gateway_ref: &GatewayRef,
) -> Result<DesiredState, StoreError> {
    let (condition, text) = lookup(gateway_ref);
    let sql = format!("{} {condition}", *STATE);
    let found = connection
        .prepare_cached(&sql)?
        .query_row([text], state_of)
        .optional()?;
    match found {
        Some(state) => Ok(state),
        None => Err(missing(connection, gateway_ref)?),
    }
}

pub(super) fn snapshot(
    connection: &Connection,
    gateway_ref: &GatewayRef,
) -> Result<GatewaySnapshot, StoreError> {
    let state = desired_state(connection, gateway_ref)?;
    Ok(with_instances(connection, state)?)
}

pub(super) fn list(
    connection: &Connection,
    filter: &GatewayFilter,
) -> Result<Vec<GatewaySnapshot>, StoreError> {
    let (sql, values) = filter.sql(Dialect::Sqlite, &STATE);
    let mut statement = connection.prepare_cached(&sql)?;
    let found: Vec<_> = statement
        .query_map(params_from_iter(values), state_of)?
        .collect::<Result<_, _>>()?;
    let snapshots = found.into_iter();
    let snapshots = snapshots.map(|found| with_instances(connection, found));
    Ok(snapshots.collect::<Result<_, _>>()?)
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

/// Returns the condition that selects a gateway, and its parameter.
fn lookup(gateway_ref: &GatewayRef) -> (&'static str, &str) {
    match gateway_ref {
        GatewayRef::Id(id) => ("WHERE g.id = ?1 AND g.deleted_at IS NULL", id.as_str()),
        GatewayRef::Name(name) => ("WHERE g.name = ?1 AND g.deleted_at IS NULL", name),
    }
}

/// Reads a row of [`STATE`].
fn state_of(row: &rusqlite::Row<'_>) -> Result<DesiredState, rusqlite::Error> {
    let gateway = GatewayRow::from_row(row)?;
    let desired = match gateway.desired_version {
        Some(version) => Some(DesiredVersion {
            version,
            generation: gateway.generation,
            sha256: ContentHash::from_bytes(row.get("desired_sha256")?),
        }),
        None => None,
    };
    Ok(DesiredState {
        epoch: row.get("epoch")?,
        gateway,
        desired,
    })
}

fn with_instances(
    connection: &Connection,
    state: DesiredState,
) -> Result<GatewaySnapshot, rusqlite::Error> {
    let instances = instances::of(connection, &state.gateway.id)?;
    Ok(state.with_instances(instances))
}

/// Returns the error for a gateway that was not found.
fn missing(connection: &Connection, gateway_ref: &GatewayRef) -> Result<StoreError, StoreError> {
    Ok(match gateway_ref {
        GatewayRef::Id(id) if was_deleted(connection, id)? => StoreError::Gone(id.clone()),
        GatewayRef::Id(id) => StoreError::NotFound(format!("gateway `{id}`")),
        GatewayRef::Name(name) => StoreError::NotFound(format!("gateway `{name}`")),
    })
}

fn was_deleted(connection: &Connection, id: &GatewayId) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM gateways WHERE id = ?1)";
    Ok(connection.query_row(sql, [id.as_str()], |row| row.get(0))?)
}
