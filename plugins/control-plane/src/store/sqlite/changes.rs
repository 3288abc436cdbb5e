//! Changes of gateways, each inside a transaction that the caller began.

use kt_control_api::GatewayId;
use rusqlite::params;
use serde_json::json;

use super::write_transaction::WriteTransaction;
use super::{audit, contents, gateways, tokens};
use crate::crash::crash_point;
use crate::store::decide::{Wish, Write, decide};
use crate::store::{ChangeContext, ChangeReceipt, GatewayRef, NewGateway, StoreError};

pub(super) fn create(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    new: &NewGateway,
) -> Result<ChangeReceipt, StoreError> {
    claim_name(transaction, &new.name, &new.id)?;
    let sql = "INSERT INTO gateways(id, name, description, labels, rev, generation, last_version,
                   desired_version, created_at, updated_at, drift_policy)
               VALUES(?1, ?2, ?3, ?4, 1, 1, ?5, ?6, ?7, ?7, ?8)";
    let version = new.version.as_ref().map(|_| 1_u64);
    let labels = serde_json::to_string(&new.labels)?;
    let at = change.now.as_microsecond();
    transaction.prepare_cached(sql)?.execute(params![
        new.id.as_str(),
        new.name,
        new.description,
        labels,
        version.unwrap_or(0),
        version,
        at,
        new.drift.as_str(),
    ])?;
    crash_point("create.inserted");
    if let Some(first) = &new.version {
        contents::insert(transaction, change, &new.id, 1, first)?;
    }
    if let Some(token) = &new.token {
        tokens::add(transaction, change, token)?;
    }
    if let Some(token) = &new.bootstrap_token {
        tokens::spend(transaction, change, token, &new.id)?;
    }
    let detail = json!({"name": new.name, "version": version, "token": new.token.is_some()});
    audit::record(
        transaction,
        change,
        "gateway.create",
        new.id.as_str(),
        Some(1),
        &detail,
    )?;
    Ok(ChangeReceipt {
        gateway: new.id.clone(),
        version,
        generation: 1,
        unchanged: false,
        replayed: false,
        published: None,
    })
}

/// Carries a change of a gateway out.
pub(super) fn change(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    key: &GatewayRef,
    wish: Wish<'_>,
) -> Result<ChangeReceipt, StoreError> {
    let current = gateways::snapshot(transaction, key)?;
    let before = &current.gateway;
    let older = match wish {
        Wish::Revert(revert) => contents::one(transaction, &before.id, revert.version)?,
        _ => None,
    };
    let decision = decide(change, wish, &current, older.as_ref())?;
    let Some(write) = &decision.write else {
        return Ok(decision.receipt);
    };
    match wish {
        Wish::Update(_) => {
            claim_name(transaction, &write.after.name, &before.id)?;
            identify(transaction, change, write)?;
        }
        Wish::Delete => {
            tokens::revoke_of_gateway(transaction, change.now, &before.id)?;
            identify(transaction, change, write)?;
        }
        Wish::Publish(new) => {
            let next = write.after.last_version;
            contents::insert(transaction, change, &before.id, next, new)?;
            crash_point("reload.inserted");
        }
        Wish::Revert(revert) => {
            let reason = revert.reason.as_deref();
            contents::repeat(transaction, change, before, revert.version, reason)?;
            crash_point("revert.inserted");
        }
        Wish::Act(_) => {}
    }
    put(transaction, change, write)?;
    Ok(decision.receipt)
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

/// Writes what identifies the gateway. Apart from the rest, because an indexed column that is
/// written, to whichever value, has its index written too.
fn identify(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    write: &Write,
) -> Result<(), StoreError> {
    let sql = "UPDATE gateways SET name = ?2, description = ?3, labels = ?4, deleted_at = ?5,
                   drift_policy = ?6
               WHERE id = ?1";
    let after = &write.after;
    transaction.prepare_cached(sql)?.execute(params![
        after.id.as_str(),
        after.name,
        after.description,
        serde_json::to_string(&after.labels)?,
        write.deleted.then(|| change.now.as_microsecond()),
        after.drift.as_str(),
    ])?;
    Ok(())
}

/// Writes where the gateway stands, and its audit row.
fn put(
    transaction: &WriteTransaction<'_>,
    change: &ChangeContext,
    write: &Write,
) -> Result<(), StoreError> {
    let sql = "UPDATE gateways SET rev = ?2, generation = ?3, reload_generation = ?4,
                   reconcile_generation = ?5, last_version = ?6, desired_version = ?7,
                   updated_at = ?8
               WHERE id = ?1";
    let after = &write.after;
    let at = change.now.as_microsecond();
    transaction.prepare_cached(sql)?.execute(params![
        after.id.as_str(),
        after.rev,
        after.generation,
        after.reload_generation,
        after.reconcile_generation,
        after.last_version,
        write.desired,
        at,
    ])?;
    let id = after.id.as_str();
    audit::record(
        transaction,
        change,
        write.action,
        id,
        Some(after.rev),
        &write.detail,
    )
}
