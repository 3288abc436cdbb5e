//! What a change comes to, given what there is. Looks at nothing and writes nothing itself.

use kt_control_api::{
    ConfigVersion, DesiredVersion, GatewayPatch, RevertRequest, SyncState, VersionOrigin,
};
use serde_json::{Value, json};

use crate::store::{
    ChangeContext, ChangeReceipt, GatewayAction, GatewayRecord, GatewaySnapshot, NewVersion,
    StoreError,
};

/// What a caller wants changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish<'a> {
    /// Name, description, labels or what is done about drift.
    Update(&'a GatewayPatch),
    /// That the gateway be gone.
    Delete,
    /// A new version.
    Publish(&'a NewVersion),
    /// A new version with the content of an older one.
    Revert(&'a RevertRequest),
    /// That instances act.
    Act(&'a GatewayAction),
}

/// What to answer, and what to write before.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) receipt: ChangeReceipt,
    pub(super) write: Option<Write>,
}

/// The gateway as it is to become, and the audit row.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) after: GatewayRecord,
    pub(super) desired: Option<u64>,
    pub(super) deleted: bool,
    pub(super) action: &'static str,
    pub(super) detail: Value,
}

/// Decides. `older` is the version to revert to, when there is one.
pub(super) fn decide(
    change: &ChangeContext,
    wish: Wish<'_>,
    current: &GatewaySnapshot,
    older: Option<&ConfigVersion>,
) -> Result<Decision, StoreError> {
    let before = &current.gateway;
    if let Some(expected) = change.if_match.filter(|rev| *rev != before.rev) {
        let current = Box::new(current.clone());
        return Err(StoreError::RevisionMismatch { expected, current });
    }
    match wish {
        Wish::Update(patch) => Ok(update(change, before, patch)),
        Wish::Delete => {
            let write = Write {
                deleted: true,
                ..touched(
                    change,
                    before,
                    "gateway.delete",
                    json!({"name": before.name}),
                )
            };
            Ok(write.answered())
        }
        Wish::Publish(new) if is_desired(before, &new.sha256) => Ok(nothing(before)),
        Wish::Publish(new) => {
            let detail = json!({"version": before.last_version + 1, "origin": new.origin.as_str()});
            let made = published(change, before, new);
            Ok(advanced(change, current, "config.publish", detail, made))
        }
        Wish::Revert(revert) => {
            let older = older.ok_or_else(|| StoreError::no_version(revert.version))?;
            if is_desired(before, &older.sha256) {
                return Ok(nothing(before));
            }
            if older.pruned_at.is_some() {
                return Err(StoreError::without_content(older));
            }
            let detail = json!({"version": before.last_version + 1, "reverts_to": older.version});
            let made = reverted(change, before, older, revert);
            Ok(advanced(change, current, "config.revert", detail, made))
        }
        Wish::Act(ask) => asked(change, current, ask),
    }
}

fn update(change: &ChangeContext, before: &GatewayRecord, patch: &GatewayPatch) -> Decision {
    let mut after = before.clone();
    if let Some(name) = &patch.name {
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
    after.drift = patch.drift.unwrap_or(before.drift);
    let same = (&after.name, &after.description, &after.labels, after.drift)
        == (
            &before.name,
            &before.description,
            &before.labels,
            before.drift,
        );
    if same {
        return nothing(before);
    }
    let detail = json!({"name": after.name, "labels": after.labels, "drift": after.drift});
    touched(change, &after, "gateway.update", detail).answered()
}

fn asked(
    change: &ChangeContext,
    current: &GatewaySnapshot,
    ask: &GatewayAction,
) -> Result<Decision, StoreError> {
    let before = &current.gateway;
    let next = before.generation + 1;
    let mut after = GatewayRecord {
        generation: next,
        ..before.clone()
    };
    let (action, why) = match ask {
        GatewayAction::Reload { message } => {
            after.reload_generation = next;
            ("gateway.reload", message)
        }
        GatewayAction::Reconcile { reason, dry_run } => {
            if before.desired.is_none() {
                return Err(StoreError::NoConfiguration(before.name.clone()));
            }
            // An offline instance takes what is desired when it starts.
            let state = current.view(change.now).state;
            let needed = !matches!(state, SyncState::InSync | SyncState::Offline);
            if !needed || *dry_run {
                let mut decision = nothing(before);
                decision.receipt.unchanged = !needed;
                return Ok(decision);
            }
            after.reconcile_generation = next;
            ("gateway.reconcile", reason)
        }
    };
    let detail = json!({"generation": next, "reason": why});
    Ok(touched(change, &after, action, detail).answered())
}

/// Decides about a pin: the receipt says whether there is something to write.
pub(super) fn pinned(
    gateway: &GatewayRecord,
    version: u64,
    found: Option<&ConfigVersion>,
    pin: bool,
) -> Result<ChangeReceipt, StoreError> {
    let found = found.ok_or_else(|| StoreError::no_version(version))?;
    if pin && found.pruned_at.is_some() {
        return Err(StoreError::without_content(found));
    }
    Ok(ChangeReceipt {
        gateway: gateway.id.clone(),
        version: Some(version),
        generation: gateway.generation,
        unchanged: found.pinned == pin,
        replayed: false,
        published: None,
    })
}

fn is_desired(gateway: &GatewayRecord, sha256: &kt_control_api::ContentHash) -> bool {
    gateway
        .desired
        .as_ref()
        .is_some_and(|desired| desired.sha256 == *sha256)
}

/// The next version, of a new content.
fn published(change: &ChangeContext, before: &GatewayRecord, new: &NewVersion) -> ConfigVersion {
    ConfigVersion {
        version: before.last_version + 1,
        sha256: new.sha256,
        size: new.content.len() as u64,
        author: change.actor.clone(),
        created_at: change.now,
        origin: new.origin,
        reverts_to: None,
        source: new.source.clone(),
        message: new.message.clone(),
        pinned: false,
        pruned_at: None,
    }
}

/// The next version, with the content of an older one.
fn reverted(
    change: &ChangeContext,
    before: &GatewayRecord,
    older: &ConfigVersion,
    revert: &RevertRequest,
) -> ConfigVersion {
    ConfigVersion {
        version: before.last_version + 1,
        author: change.actor.clone(),
        created_at: change.now,
        origin: VersionOrigin::Revert,
        reverts_to: Some(older.version),
        message: revert.reason.clone(),
        pinned: false,
        ..older.clone()
    }
}

/// The next version becomes the desired one.
fn advanced(
    change: &ChangeContext,
    current: &GatewaySnapshot,
    action: &'static str,
    detail: Value,
    made: ConfigVersion,
) -> Decision {
    let before = &current.gateway;
    let generation = before.generation + 1;
    let after = GatewayRecord {
        generation,
        last_version: made.version,
        desired: Some(DesiredVersion {
            version: made.version,
            generation,
            sha256: made.sha256,
        }),
        ..before.clone()
    };
    let mut decision = touched(change, &after, action, detail).answered();
    decision.receipt.published = decision.write.as_ref().map(|write| {
        let snapshot = GatewaySnapshot {
            gateway: write.after.clone(),
            instances: current.instances.clone(),
        };
        Box::new((snapshot, made))
    });
    decision
}

/// The next revision.
fn touched(
    change: &ChangeContext,
    gateway: &GatewayRecord,
    action: &'static str,
    detail: Value,
) -> Write {
    Write {
        after: GatewayRecord {
            rev: gateway.rev + 1,
            updated_at: change.now,
            ..gateway.clone()
        },
        desired: gateway.desired.as_ref().map(|desired| desired.version),
        deleted: false,
        action,
        detail,
    }
}

fn nothing(gateway: &GatewayRecord) -> Decision {
    Decision {
        receipt: ChangeReceipt {
            gateway: gateway.id.clone(),
            version: gateway.desired.as_ref().map(|desired| desired.version),
            generation: gateway.generation,
            unchanged: true,
            replayed: false,
            published: None,
        },
        write: None,
    }
}

impl Write {
    fn answered(self) -> Decision {
        Decision {
            receipt: ChangeReceipt {
                gateway: self.after.id.clone(),
                version: self.desired,
                generation: self.after.generation,
                unchanged: false,
                replayed: false,
                published: None,
            },
            write: Some(self),
        }
    }
}
