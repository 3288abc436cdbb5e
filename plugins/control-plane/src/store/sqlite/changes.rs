//! Changes of gateways, each inside a transaction that the caller began.

use kt_control_api::{GatewayHalt, GatewayId};

use super::write_transaction::WriteTransaction;
use super::{audit, gateways, rows, tokens, versions};
use crate::crash::crash_point;
use crate::store::decision::{GatewayChange, GatewayUpdate, created, decide, decide_halt};
use crate::store::{
    ChangeContext, ChangeReceipt, ContentRow, GatewayRef, GatewayRow, HaltChange, NewGateway,
    NewVersion, StoreError, VersionRow,
};

pub(super) fn create(
    transaction: &WriteTransaction<'_>,
    context: &ChangeContext,
    new: &NewGateway,
) -> Result<ChangeReceipt, StoreError> {
    let row = new.row(context.now);
    claim_name(transaction, &row.name, &row.id)?;
    rows::insert(transaction, &row, "")?;
    crash_point("create.inserted");
    if let Some(first) = &new.version {
        insert_version(transaction, first, &first.row(&row.id, 1, context))?;
    }
    if let Some(token) = &new.token {
        tokens::add(transaction, context, token)?;
    }
    if let Some(token) = &new.bootstrap_token {
        tokens::consume(transaction, context, token, new)?;
    }
    audit::record(
        transaction,
        context,
        "gateway.create",
        row.id.as_str(),
        Some(row.rev),
        &new.create_detail(),
    )?;
    Ok(created(context, new))
}

/// Applies a change of a gateway.
pub(super) fn change(
    transaction: &WriteTransaction<'_>,
    context: &ChangeContext,
    gateway_ref: &GatewayRef,
    change: GatewayChange<'_>,
) -> Result<ChangeReceipt, StoreError> {
    let current = gateways::snapshot(transaction, gateway_ref)?;
    let before = &current.gateway;
    let older = match change {
        GatewayChange::Revert(revert) => versions::one(transaction, &before.id, revert.version)?,
        _ => None,
    };
    let decision = decide(context, change, &current, older.as_ref())?;
    let Some(update) = &decision.update else {
        return Ok(decision.receipt);
    };
    match (change, &update.version) {
        (GatewayChange::Update(_), _) => {
            claim_name(transaction, &update.gateway.name, &before.id)?;
        }
        (GatewayChange::Delete, _) => {
            tokens::revoke_of_gateway(transaction, context.now, &before.id)?;
        }
        (GatewayChange::Publish(new), Some(version)) => {
            insert_version(transaction, new, version)?;
            crash_point("reload.inserted");
        }
        (GatewayChange::Revert(_), Some(version)) => {
            rows::insert(transaction, version, "")?;
            crash_point("revert.inserted");
        }
        _ => {}
    }
    // An UPDATE of an indexed column updates the index even if the value is the same.
    let progress_only = !matches!(change, GatewayChange::Update(_) | GatewayChange::Delete);
    put(transaction, context, update, progress_only)?;
    Ok(decision.receipt)
}

/// Changes the halts of several gateways.
pub(super) fn change_halts(
    transaction: &WriteTransaction<'_>,
    context: &ChangeContext,
    ids: &[GatewayId],
    change: &HaltChange,
) -> Result<Vec<GatewayHalt>, StoreError> {
    let mut halts = Vec::with_capacity(ids.len());
    for id in ids {
        let before = match gateways::find(transaction, &GatewayRef::Id(id.clone())) {
            Ok(before) => before,
            Err(StoreError::NotFound(_) | StoreError::Gone(_)) => continue,
            Err(error) => return Err(error),
        };
        let decision = decide_halt(context, &before, change);
        if let Some(update) = &decision.update {
            put(transaction, context, update, true)?;
        }
        let after = decision.update.map_or(before, |update| update.gateway);
        halts.push(after.gateway_halt(context.now));
    }
    Ok(halts)
}

fn claim_name(
    transaction: &WriteTransaction<'_>,
    name: &str,
    claimant: &GatewayId,
) -> Result<(), StoreError> {
    match gateways::owner_of_name(transaction, name)? {
        Some(id) if id != *claimant => Err(StoreError::NameTaken {
            name: name.to_owned(),
            id,
        }),
        _ => Ok(()),
    }
}

fn insert_version(
    transaction: &WriteTransaction<'_>,
    new: &NewVersion,
    row: &VersionRow,
) -> Result<(), StoreError> {
    let content = ContentRow {
        sha256: row.content_sha256,
        content: new.content.clone(),
    };
    versions::insert(transaction, &content)?;
    rows::insert(transaction, row, "").map(drop)
}

/// Writes the row of a gateway, and its audit row.
fn put(
    transaction: &WriteTransaction<'_>,
    context: &ChangeContext,
    update: &GatewayUpdate,
    progress_only: bool,
) -> Result<(), StoreError> {
    let (row, id) = (&update.gateway, update.gateway.id.as_str());
    rows::update(transaction, row, id, |column| {
        if progress_only {
            GatewayRow::PROGRESS.contains(&column)
        } else {
            !["id", "created_at"].contains(&column)
        }
    })?;
    let (action, rev) = (update.action, Some(row.rev));
    audit::record(transaction, context, action, id, rev, &update.detail)
}
