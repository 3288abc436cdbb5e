//! Finds gateways.

use kt_control_api::GatewayId;
use tokio_postgres::Row;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::text::storable;
use crate::store::table::Dialect;
use crate::store::{DesiredState, GatewayFilter, GatewayRef, GatewaySnapshot, StoreError};

/// Returns the condition that selects a gateway, and its parameter. A deleted gateway is selected
/// by its id only.
pub(super) fn lookup(gateway_ref: &GatewayRef) -> (&'static str, &str) {
    match gateway_ref {
        GatewayRef::Id(id) => ("WHERE g.id = $1", id.as_str()),
        GatewayRef::Name(name) => ("WHERE g.name = $1 AND g.deleted_at IS NULL", name),
    }
}

pub(super) async fn desired_state(
    session: &Session,
    gateway_ref: &GatewayRef,
) -> Result<DesiredState, QueryError> {
    let (condition, text) = lookup(gateway_ref);
    let sql = format!("{} {condition}", *rows::STATE);
    let row = present(gateway_ref, session.row(&sql, &[&storable(text)]).await?)?;
    rows::state(&row)
}

pub(super) async fn snapshot(
    session: &Session,
    gateway_ref: &GatewayRef,
) -> Result<GatewaySnapshot, QueryError> {
    let (condition, text) = lookup(gateway_ref);
    let sql = format!("{} {condition}", *rows::SNAPSHOT);
    snapshot_of(gateway_ref, session.row(&sql, &[&storable(text)]).await?)
}

/// Reads a row that was selected by `gateway_ref`.
pub(super) fn snapshot_of(
    gateway_ref: &GatewayRef,
    row: Option<Row>,
) -> Result<GatewaySnapshot, QueryError> {
    let row = present(gateway_ref, row)?;
    rows::snapshot(&row)
}

/// Returns the row of a gateway that exists.
pub(super) fn present(gateway_ref: &GatewayRef, row: Option<Row>) -> Result<Row, QueryError> {
    let (_, text) = lookup(gateway_ref);
    let row = row.ok_or_else(|| StoreError::NotFound(format!("gateway `{text}`")))?;
    if row.try_get::<_, Option<i64>>("deleted_at")?.is_some() {
        return Err(StoreError::Gone(rows::parse(&row, "id")?).into());
    }
    Ok(row)
}

pub(super) async fn list(
    session: &Session,
    filter: &GatewayFilter,
) -> Result<Vec<GatewaySnapshot>, QueryError> {
    let (sql, values) = filter.sql(Dialect::Postgres, &rows::SNAPSHOT);
    let found = session.rows(&sql, &rows::bound(&values)).await?;
    found.iter().map(rows::snapshot).collect()
}

/// Returns the id of the gateway that has the name.
pub(super) async fn owner_of_name(
    session: &Session,
    name: &str,
) -> Result<Option<GatewayId>, QueryError> {
    let sql = "SELECT id FROM gateways WHERE name = $1 AND deleted_at IS NULL";
    let row = session.row(sql, &[&name]).await?;
    row.map(|row| rows::parse(&row, "id")).transpose()
}
