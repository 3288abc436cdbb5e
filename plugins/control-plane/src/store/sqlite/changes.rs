//! Changes of gateways, each inside a transaction that the caller began.

use kt_control_api::{GatewayId, GatewayPatch, Revert, State};
use rusqlite::{Transaction, params};
use serde_json::{Value, json};

use super::{audit, contents, gateways, tokens};
use crate::crash::crash_point;
use crate::store::{Ask, Change, GatewayRecord, Key, NewGateway, NewVersion, Receipt, StoreError};

pub(super) fn create(
    transaction: &Transaction<'_>,
    change: &Change,
    new: &NewGateway,
) -> Result<Receipt, StoreError> {
    claim_name(transaction, &new.name, &new.id)?;
    let sql = "INSERT INTO gateways(id, name, description, labels, rev, generation, last_version,
                   desired_version, created_at, updated_at)
               VALUES(?1, ?2, ?3, ?4, 1, 1, ?5, ?6, ?7, ?7)";
    let version = new.version.as_ref().map(|_| 1_u64);
    let labels = serde_json::to_string(&new.labels)?;
    let at = change.now.as_microsecond();
    transaction.execute(
        sql,
        params![
            new.id.as_str(),
            new.name,
            new.description,
            labels,
            version.unwrap_or(0),
            version,
            at
        ],
    )?;
    crash_point("create.inserted");
    if let Some(first) = &new.version {
        contents::insert(transaction, change, &new.id, 1, first)?;
    }
    if let Some(token) = &new.token {
        tokens::add(transaction, change, token)?;
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
    Ok(Receipt {
        gateway: new.id.clone(),
        version,
        generation: 1,
        unchanged: false,
        replayed: false,
    })
}

pub(super) fn update(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
    patch: &GatewayPatch,
) -> Result<Receipt, StoreError> {
    let before = expected(transaction, change, key)?;
    let mut after = before.clone();
    if let Some(name) = &patch.name {
        claim_name(transaction, name, &before.id)?;
        after.name.clone_from(name);
    }
    if let Some(description) = &patch.description {
        after.description.clone_from(description);
    }
    for (label, value) in patch.labels.iter().flatten() {
        match value {
            Some(value) => drop(after.labels.insert(label.clone(), value.clone())),
            None => drop(after.labels.remove(label)),
        }
    }
    let same = (&after.name, &after.description, &after.labels)
        == (&before.name, &before.description, &before.labels);
    if same {
        return Ok(untouched(&before));
    }
    let sql = "UPDATE gateways SET name = ?2, description = ?3, labels = ?4 WHERE id = ?1";
    let labels = serde_json::to_string(&after.labels)?;
    transaction.execute(
        sql,
        params![before.id.as_str(), after.name, after.description, labels],
    )?;
    let detail = json!({"name": after.name, "labels": after.labels});
    touch(transaction, change, &before, "gateway.update", &detail)?;
    Ok(Receipt {
        unchanged: false,
        ..untouched(&before)
    })
}

pub(super) fn delete(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
) -> Result<Receipt, StoreError> {
    let before = expected(transaction, change, key)?;
    let sql = "UPDATE gateways SET deleted_at = ?2 WHERE id = ?1";
    transaction.execute(
        sql,
        params![before.id.as_str(), change.now.as_microsecond()],
    )?;
    tokens::revoke_of_gateway(transaction, change.now, &before.id)?;
    let detail = json!({"name": before.name});
    touch(transaction, change, &before, "gateway.delete", &detail)?;
    Ok(Receipt {
        unchanged: false,
        ..untouched(&before)
    })
}

pub(super) fn publish(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
    new: &NewVersion,
) -> Result<Receipt, StoreError> {
    let before = expected(transaction, change, key)?;
    if before
        .desired
        .as_ref()
        .is_some_and(|desired| desired.sha256 == new.sha256)
    {
        return Ok(untouched(&before));
    }
    contents::insert(
        transaction,
        change,
        &before.id,
        before.last_version + 1,
        new,
    )?;
    crash_point("reload.inserted");
    let detail = json!({"version": before.last_version + 1, "origin": new.origin.as_str()});
    advance(transaction, change, &before, "config.publish", &detail)
}

pub(super) fn revert(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
    revert: &Revert,
) -> Result<Receipt, StoreError> {
    let before = expected(transaction, change, key)?;
    let older = contents::one(transaction, &before.id, revert.version)?
        .ok_or_else(|| contents::missing(revert.version))?;
    if before
        .desired
        .as_ref()
        .is_some_and(|desired| desired.sha256 == older.sha256)
    {
        return Ok(untouched(&before));
    }
    contents::repeat(
        transaction,
        change,
        &before,
        older.version,
        revert.reason.as_deref(),
    )?;
    crash_point("revert.inserted");
    let detail = json!({"version": before.last_version + 1, "reverts_to": older.version});
    advance(transaction, change, &before, "config.revert", &detail)
}

pub(super) fn ask(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
    ask: &Ask,
) -> Result<Receipt, StoreError> {
    let before = expected(transaction, change, key)?;
    let (column, action, why) = match ask {
        Ask::Reload { message } => ("reload_generation", "gateway.reload", message),
        Ask::Reconcile { reason, dry_run } => {
            if before.desired.is_none() {
                return Err(StoreError::NoConfiguration(before.name));
            }
            let needed = needs_reconcile(transaction, change, key)?;
            if !needed || *dry_run {
                return Ok(Receipt {
                    unchanged: !needed,
                    ..untouched(&before)
                });
            }
            ("reconcile_generation", "gateway.reconcile", reason)
        }
    };
    let sql = format!(
        "UPDATE gateways SET generation = generation + 1, {column} = generation + 1 WHERE id = ?1"
    );
    transaction.execute(&sql, [before.id.as_str()])?;
    let generation = before.generation + 1;
    let detail = json!({"generation": generation, "reason": why});
    touch(transaction, change, &before, action, &detail)?;
    Ok(Receipt {
        generation,
        unchanged: false,
        ..untouched(&before)
    })
}

/// Whether a live instance does not serve what is desired. An offline one takes it when it starts.
fn needs_reconcile(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
) -> Result<bool, StoreError> {
    let state = gateways::snapshot(transaction, key)?.view(change.now).state;
    Ok(!matches!(state, State::InSync | State::Offline))
}

/// Finds the gateway and checks that it has the revision the caller expects.
fn expected(
    transaction: &Transaction<'_>,
    change: &Change,
    key: &Key,
) -> Result<GatewayRecord, StoreError> {
    let gateway = gateways::find(transaction, key)?;
    match change.if_match {
        Some(expected) if expected != gateway.rev => {
            let current = Box::new(gateways::snapshot(transaction, key)?);
            Err(StoreError::Changed { expected, current })
        }
        _ => Ok(gateway),
    }
}

fn claim_name(
    transaction: &Transaction<'_>,
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

/// Makes the version just inserted the desired one.
fn advance(
    transaction: &Transaction<'_>,
    change: &Change,
    before: &GatewayRecord,
    action: &str,
    detail: &Value,
) -> Result<Receipt, StoreError> {
    let sql = "UPDATE gateways SET last_version = last_version + 1,
                   desired_version = last_version + 1, generation = generation + 1
               WHERE id = ?1";
    transaction.execute(sql, [before.id.as_str()])?;
    touch(transaction, change, before, action, detail)?;
    Ok(Receipt {
        gateway: before.id.clone(),
        version: Some(before.last_version + 1),
        generation: before.generation + 1,
        unchanged: false,
        replayed: false,
    })
}

/// Moves the revision and records who did it.
fn touch(
    transaction: &Transaction<'_>,
    change: &Change,
    before: &GatewayRecord,
    action: &str,
    detail: &Value,
) -> Result<(), StoreError> {
    let sql = "UPDATE gateways SET rev = rev + 1, updated_at = ?2 WHERE id = ?1";
    transaction.execute(
        sql,
        params![before.id.as_str(), change.now.as_microsecond()],
    )?;
    let id = before.id.as_str();
    audit::record(
        transaction,
        change,
        action,
        id,
        Some(before.rev + 1),
        detail,
    )
}

fn untouched(gateway: &GatewayRecord) -> Receipt {
    Receipt {
        gateway: gateway.id.clone(),
        version: gateway.desired.as_ref().map(|desired| desired.version),
        generation: gateway.generation,
        unchanged: true,
        replayed: false,
    }
}
