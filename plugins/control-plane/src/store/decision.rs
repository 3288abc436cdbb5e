//! Decides what a change of a gateway results in, given its current state. Reads and writes nothing
//! itself, so both stores decide alike.

use kt_control_api::{
    ConfigVersion, ContentHash, DesiredVersion, GatewayPatch, Halt, RevertRequest, SyncState,
};
use serde_json::{Value, json};

use super::change::{ChangeContext, GatewayAction, HaltChange};
use super::error::StoreError;
use super::receipt::ChangeReceipt;
use super::rows::{GatewayRow, NewGateway, NewVersion, VersionRow};
use super::snapshot::GatewaySnapshot;

/// A change of a gateway.
#[derive(Debug, Clone, Copy)]
pub(super) enum GatewayChange<'a> {
    /// Updates name, description, labels or the drift policy.
    Update(&'a GatewayPatch),
    /// Deletes the gateway.
    Delete,
    /// Publishes a new version.
    Publish(&'a NewVersion),
    /// Publishes a new version with the content of an older one.
    Revert(&'a RevertRequest),
    /// Requests an action of the instances.
    Act(&'a GatewayAction),
}

/// What to return, and what to write before.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) receipt: ChangeReceipt,
    pub(super) update: Option<GatewayUpdate>,
}

/// The rows to write, and the audit row.
#[derive(Debug)]
pub(super) struct GatewayUpdate {
    pub(super) gateway: GatewayRow,
    pub(super) version: Option<VersionRow>,
    pub(super) action: &'static str,
    pub(super) detail: Value,
}

/// Checks that a gateway has the revision that a change requires.
pub(super) fn check_revision(
    context: &ChangeContext,
    current: &GatewaySnapshot,
) -> Result<(), StoreError> {
    let rev = current.gateway.rev;
    match context.if_match.filter(|required| *required != rev) {
        None => Ok(()),
        Some(expected) => Err(StoreError::RevisionMismatch {
            expected,
            current: Box::new(current.clone()),
        }),
    }
}

/// Decides about a change. `older` is the version to revert to, if it exists.
pub(super) fn decide(
    context: &ChangeContext,
    change: GatewayChange<'_>,
    current: &GatewaySnapshot,
    older: Option<&VersionRow>,
) -> Result<Decision, StoreError> {
    check_revision(context, current)?;
    let before = &current.gateway;
    let next = before.last_version + 1;
    match change {
        GatewayChange::Update(patch) => {
            let patched = before.patched(patch);
            if patched == *before {
                return Ok(unchanged(before));
            }
            let detail = patched.update_detail();
            Ok(changed(context, patched, "gateway.update", detail))
        }
        GatewayChange::Delete => {
            let deleted = GatewayRow {
                deleted_at: Some(context.now),
                ..before.clone()
            };
            let detail = json!({"name": before.name});
            Ok(changed(context, deleted, "gateway.delete", detail))
        }
        GatewayChange::Publish(new) if is_desired(current, &new.sha256) => Ok(unchanged(before)),
        GatewayChange::Publish(new) => {
            let detail = json!({"version": next, "origin": new.origin.as_str()});
            let version = new.row(&before.id, next, context);
            Ok(published(
                context,
                current,
                "config.publish",
                detail,
                version,
            ))
        }
        GatewayChange::Revert(revert) => {
            let older = older.ok_or_else(|| StoreError::no_version(revert.version))?;
            if is_desired(current, &older.sha256) {
                return Ok(unchanged(before));
            }
            if older.pruned_at.is_some() {
                return Err(StoreError::without_content(older.version, older.pruned_at));
            }
            let detail = json!({"version": next, "reverts_to": older.version});
            let version = older.reverted(next, context, revert);
            Ok(published(
                context,
                current,
                "config.revert",
                detail,
                version,
            ))
        }
        GatewayChange::Act(action) => act(context, current, action),
    }
}

fn act(
    context: &ChangeContext,
    current: &GatewaySnapshot,
    action: &GatewayAction,
) -> Result<Decision, StoreError> {
    let before = &current.gateway;
    let next = before.generation + 1;
    let mut after = GatewayRow {
        generation: next,
        ..before.clone()
    };
    let (action, reason) = match action {
        GatewayAction::Halt(change) => return Ok(decide_halt(context, before, change)),
        GatewayAction::Reload { message } => {
            after.reload_generation = next;
            ("gateway.reload", message)
        }
        GatewayAction::Reapply { message } => {
            after.reconcile_generation = next;
            ("gateway.reload", message)
        }
        GatewayAction::Reconcile { reason, dry_run } => {
            if current.desired.is_none() {
                return Err(StoreError::NoConfiguration(before.name.clone()));
            }
            // An offline instance fetches the desired version when it starts.
            let state = current.view(context.now).state;
            let needed = !matches!(state, SyncState::InSync | SyncState::Offline);
            if !needed || *dry_run {
                let mut decision = unchanged(before);
                decision.receipt.unchanged = !needed;
                return Ok(decision);
            }
            after.reconcile_generation = next;
            ("gateway.reconcile", reason)
        }
    };
    let detail = json!({"generation": next, "reason": reason});
    Ok(changed(context, after, action, detail))
}

/// Returns the receipt of a new gateway.
pub(super) fn created(context: &ChangeContext, new: &NewGateway) -> ChangeReceipt {
    let gateway = new.row(context.now);
    let published = new.version.as_ref().map(|first| {
        let version = first.row(&gateway.id, 1, context);
        let snapshot = GatewaySnapshot {
            gateway: gateway.clone(),
            desired: Some(DesiredVersion {
                version: version.version,
                generation: gateway.generation,
                sha256: version.sha256,
            }),
            instances: Vec::new(),
        };
        Box::new((snapshot, version.into()))
    });
    ChangeReceipt {
        published,
        ..receipt(&gateway)
    }
}

/// Decides about a halt. It has a number of its own and not the generation, which a configuration
/// answers: nothing is compiled, and a rejected version is not sent again.
pub(super) fn decide_halt(
    context: &ChangeContext,
    before: &GatewayRow,
    change: &HaltChange,
) -> Decision {
    let in_effect = before.halt_at(context.now);
    let next = before.halt_generation + 1;
    let (halt, action, detail) = match change {
        HaltChange::Halt { reason, until } => {
            if in_effect.is_some_and(|halt| halt.reason == *reason && halt.until == *until) {
                return unchanged(before);
            }
            let halt = Halt {
                reason: reason.clone(),
                by: context.actor.clone(),
                since: in_effect.map_or(context.now, |halt| halt.since),
                until: *until,
            };
            let detail = json!({
                "reason": reason, "until": until, "halt_generation": next,
                "replaces": in_effect.map(|halt| &halt.reason),
            });
            (Some(halt), "gateway.halt", detail)
        }
        HaltChange::Unhalt { reason } => {
            let Some(ended) = in_effect else {
                return unchanged(before);
            };
            let detail = json!({
                "reason": reason, "halt_generation": next, "since": ended.since,
                "halted_for": ended.reason,
            });
            (None, "gateway.unhalt", detail)
        }
    };
    let after = GatewayRow {
        halt,
        halt_generation: next,
        ..before.clone()
    };
    changed(context, after, action, detail)
}

/// Decides about a pin: the receipt tells whether there is something to write.
pub(super) fn decide_pin(
    gateway: &GatewayRow,
    version: u64,
    stored: Option<&ConfigVersion>,
    pin: bool,
) -> Result<ChangeReceipt, StoreError> {
    let stored = stored.ok_or_else(|| StoreError::no_version(version))?;
    if pin && stored.pruned_at.is_some() {
        return Err(StoreError::without_content(version, stored.pruned_at));
    }
    Ok(ChangeReceipt {
        version: Some(version),
        unchanged: stored.pinned == pin,
        ..receipt(gateway)
    })
}

fn is_desired(current: &GatewaySnapshot, sha256: &ContentHash) -> bool {
    let desired = current.desired.as_ref();
    desired.is_some_and(|desired| desired.sha256 == *sha256)
}

/// Makes a new version the desired one.
fn published(
    context: &ChangeContext,
    current: &GatewaySnapshot,
    action: &'static str,
    detail: Value,
    version: VersionRow,
) -> Decision {
    let generation = current.gateway.generation + 1;
    let after = GatewayRow {
        generation,
        last_version: version.version,
        desired_version: Some(version.version),
        ..current.gateway.clone()
    };
    let mut decision = changed(context, after, action, detail);
    if let Some(update) = &mut decision.update {
        let snapshot = GatewaySnapshot {
            gateway: update.gateway.clone(),
            desired: Some(DesiredVersion {
                version: version.version,
                generation,
                sha256: version.sha256,
            }),
            instances: current.instances.clone(),
        };
        decision.receipt.published = Some(Box::new((snapshot, version.clone().into())));
        update.version = Some(version);
    }
    decision
}

/// Writes a row as the next revision.
fn changed(
    context: &ChangeContext,
    gateway: GatewayRow,
    action: &'static str,
    detail: Value,
) -> Decision {
    let gateway = GatewayRow {
        rev: gateway.rev + 1,
        updated_at: context.now,
        ..gateway
    };
    Decision {
        receipt: receipt(&gateway),
        update: Some(GatewayUpdate {
            gateway,
            version: None,
            action,
            detail,
        }),
    }
}

fn unchanged(gateway: &GatewayRow) -> Decision {
    Decision {
        receipt: ChangeReceipt {
            unchanged: true,
            ..receipt(gateway)
        },
        update: None,
    }
}

/// Returns the receipt of a change that resulted in this row.
pub(super) fn receipt(gateway: &GatewayRow) -> ChangeReceipt {
    ChangeReceipt {
        gateway: gateway.id.clone(),
        version: gateway.desired_version,
        generation: gateway.generation,
        unchanged: false,
        replayed: false,
        published: None,
    }
}
