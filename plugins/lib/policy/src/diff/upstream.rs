//! Changes of upstreams that weaken their protection: where requests are sent, and with which
//! credential.

use serde_json::Value;

use super::change::ChangeKind;
use super::compare::UnmaskedChange;
use super::endpoint::Endpoint;
use super::restate::header;
use crate::model::{Document, Target};

/// Returns the reason why a change weakens the protection of an upstream; `None` if it does not,
/// or is not one of a target.
pub(super) fn weakening_reason(
    change: &UnmaskedChange,
    base: &Document,
    target: &Document,
) -> Option<&'static str> {
    let rest = change.path.strip_prefix("providers.targets")?;
    if change.kind == ChangeKind::Moved {
        return None;
    }
    let Some((id, key)) = rest.strip_prefix("[id=")?.rsplit_once("].") else {
        return (change.kind == ChangeKind::Added)
            .then(|| added(change.new.get("id")?, base, target))?;
    };
    let (old, new) = (find(base, id)?, find(target, id)?);
    match key {
        "base_url" => endpoint(old, new),
        // Its default address may be another one.
        "provider" if old.base_url == new.base_url => endpoint(old, new),
        "secret_key_ref" if change.kind == ChangeKind::Removed => {
            Some("the upstream receives no credential")
        }
        "secret_key_ref.env" | "secret_key_ref.store" if change.kind != ChangeKind::Removed => {
            Some("the upstream receives another credential")
        }
        "api_key_header" if header(old) != header(new) => {
            Some("the credential is sent in another header")
        }
        _ => None,
    }
}

fn targets(document: &Document) -> &[Target] {
    let providers = document.providers.as_ref();
    providers.map_or(&[], |providers| &providers.targets)
}

fn find<'d>(document: &'d Document, id: &str) -> Option<&'d Target> {
    targets(document).iter().find(|target| target.id == id)
}

fn endpoint(old: &Target, new: &Target) -> Option<&'static str> {
    let new = Endpoint::of(new)?;
    match Endpoint::of(old) {
        Some(old) => new.weakening_reason(&old),
        None => Some("requests are sent to another host"),
    }
}

/// A target under a new name can receive what the others receive.
fn added(id: &Value, base: &Document, target: &Document) -> Option<&'static str> {
    let new = Endpoint::of(find(target, id.as_str()?)?)?;
    let old = targets(base);
    let known = |target: &Target| Endpoint::of(target).is_some_and(|old| old.host == new.host);
    (!old.is_empty() && !old.iter().any(known)).then_some("requests can be sent to another host")
}
