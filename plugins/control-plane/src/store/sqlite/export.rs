//! Exports what the file holds, row by row.

use kt_control_api::GatewayId;
use rusqlite::{Connection, OptionalExtension, Params};

use super::rows;
use crate::store::table::Row;
use crate::store::transfer::RecentContents;
use crate::store::{
    ContentRow, ExportRecord, GatewayRow, RecordSink, Selection, StoreError, TokenRow, VersionRow,
};

/// Exports the selection. The connection is in a transaction.
pub(super) fn export(
    connection: &Connection,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let mut exported = selection.exported_contents();
    for gateway in gateways(connection, selection)? {
        let id = gateway.id.clone();
        sink(ExportRecord::Gateway(gateway))?;
        versions(connection, &id, &mut exported, sink)?;
        apply_outcomes(connection, &id, sink)?;
    }
    tokens(connection, selection, sink)?;
    if *selection == Selection::Whole {
        each(connection, "ORDER BY seq", [], |row| {
            sink(ExportRecord::Audit(row))
        })?;
    }
    Ok(())
}

/// Reads rows and passes each on.
fn each<T: Row>(
    connection: &Connection,
    condition: &str,
    values: impl Params,
    mut pass_on: impl FnMut(T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(&rows::select::<T>(condition))?;
    let mut found = statement.query(values)?;
    while let Some(row) = found.next()? {
        pass_on(T::from_row(row)?)?;
    }
    Ok(())
}

fn gateways(connection: &Connection, selection: &Selection) -> Result<Vec<GatewayRow>, StoreError> {
    let mut found: Vec<GatewayRow> = rows::query(connection, "ORDER BY id", [])?;
    found.retain(|row| selection.contains(row.id.as_str()));
    Ok(found)
}

/// Exports the versions of a gateway, and each content before the first version that has it.
fn versions(
    connection: &Connection,
    gateway: &GatewayId,
    exported: &mut RecentContents<()>,
    sink: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let condition = "WHERE gateway_id = ?1 ORDER BY version";
    each::<VersionRow>(connection, condition, [gateway.as_str()], |row| {
        let sha256 = row.content_sha256;
        if row.pruned_at.is_none() && exported.insert(sha256, ()) {
            let sql = "SELECT content FROM blobs WHERE sha256 = ?1";
            let content = connection
                .prepare_cached(sql)?
                .query_row([sha256.as_bytes()], |row| row.get(0))
                .optional()?;
            if let Some(content) = content {
                sink(ExportRecord::Content(ContentRow { sha256, content }))?;
            }
        }
        sink(ExportRecord::Version(row))
    })
}

fn apply_outcomes(
    connection: &Connection,
    gateway: &GatewayId,
    sink: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    let condition = "WHERE gateway_id = ?1 ORDER BY seq";
    each(connection, condition, [gateway.as_str()], |row| {
        sink(ExportRecord::ApplyOutcome(row))
    })
}

fn tokens(
    connection: &Connection,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), StoreError> {
    each(connection, "ORDER BY id", [], |row: TokenRow| {
        if !selection.has_token_of(row.gateway.as_ref()) {
            return Ok(());
        }
        sink(ExportRecord::Token(row))
    })
}
