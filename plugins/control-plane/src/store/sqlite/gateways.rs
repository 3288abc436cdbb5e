//! Finding gateways.

use kt_control_api::GatewayId;
use rusqlite::{Connection, OptionalExtension, params};

use super::{instances, rows};
use crate::store::{GatewayFilter, GatewayRecord, GatewayRef, GatewaySnapshot, StoreError};

pub(super) fn find(connection: &Connection, key: &GatewayRef) -> Result<GatewayRecord, StoreError> {
    let (column, text) = match key {
        GatewayRef::Id(id) => ("id", id.as_str()),
        GatewayRef::Name(name) => ("name", name.as_str()),
    };
    let sql = format!(
        "{} WHERE g.{column} = ?1 AND g.deleted_at IS NULL",
        rows::GATEWAY
    );
    let found = connection
        .prepare_cached(&sql)?
        .query_row([text], rows::gateway)
        .optional()?;
    match (found, key) {
        (Some(gateway), _) => Ok(gateway),
        (None, GatewayRef::Id(id)) if was_deleted(connection, id)? => {
            Err(StoreError::Gone(id.clone()))
        }
        (None, _) => Err(StoreError::NotFound(format!("gateway `{text}`"))),
    }
}

pub(super) fn snapshot(
    connection: &Connection,
    key: &GatewayRef,
) -> Result<GatewaySnapshot, StoreError> {
    let gateway = find(connection, key)?;
    let instances = instances::of(connection, &gateway.id)?;
    Ok(GatewaySnapshot { gateway, instances })
}

pub(super) fn list(
    connection: &Connection,
    filter: &GatewayFilter,
) -> Result<Vec<GatewaySnapshot>, StoreError> {
    // Compared byte by byte, unlike LIKE, which folds case and has wildcards.
    let sql = format!(
        "{} WHERE g.deleted_at IS NULL AND g.name > ?1 AND substr(g.name, 1, length(?2)) = ?2
            AND NOT EXISTS (SELECT 1 FROM json_each(?3) wanted
                WHERE NOT EXISTS (SELECT 1 FROM json_each(g.labels) has
                    WHERE has.key = wanted.key AND has.value = wanted.value))
         ORDER BY g.name LIMIT ?4",
        rows::GATEWAY
    );
    let after = filter.after.as_deref().unwrap_or_default();
    let labels = serde_json::to_string(&filter.labels)?;
    let mut statement = connection.prepare_cached(&sql)?;
    let found: Vec<_> = statement
        .query_map(
            params![after, filter.prefix, labels, filter.limit as u64],
            rows::gateway,
        )?
        .collect::<Result<_, _>>()?;
    let with_instances = |gateway: GatewayRecord| {
        let instances = instances::of(connection, &gateway.id)?;
        Ok(GatewaySnapshot { gateway, instances })
    };
    found.into_iter().map(with_instances).collect()
}

/// Returns who has the name.
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

fn was_deleted(connection: &Connection, id: &GatewayId) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM gateways WHERE id = ?1)";
    Ok(connection.query_row(sql, [id.as_str()], |row| row.get(0))?)
}
