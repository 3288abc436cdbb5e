//! [`diff`]: from two documents to their difference.

use super::change::{Change, ChangeKind, Diff};
use super::compare::{UnmaskedChange, compare, indexed_path};
use super::list_keys::list_keys;
use super::mask::mask;
use super::patch::patch;
use super::restate::restate;
use super::upstream;
use super::weaken::weakening_reason;
use crate::model::Document;
use serde_json::{Map, Value};

/// Compares the meaning of two documents: the target is restated in the notation of the base first.
#[must_use]
pub fn diff(base: &Document, target: &Document) -> Diff {
    let (before, after) = (base.to_value(), restate(base, target));
    let salt = base.sha256();
    let changes = compare(&before, &after)
        .into_iter()
        .map(|change| masked_change(change, base, target, &salt))
        .collect();
    Diff {
        changes,
        target_sha256: target.sha256(),
        patch: patch(&before, &after, &salt),
        base: mask("", before, &salt),
        target: mask("", after, &salt),
        base_sha256: Some(salt),
    }
}

/// Returns the difference of a document from no configuration: every setting is added.
#[must_use]
pub fn diff_from_none(target: &Document) -> Diff {
    let (after, salt) = (target.to_value(), target.sha256());
    let changes = compare(&containers(&after), &after)
        .into_iter()
        .map(|change| Change {
            kind: change.kind,
            // There is no guard that could become weaker.
            weakens: None,
            location: location(&change, target),
            old: Value::Null,
            new: mask(&change.path, change.new, &salt),
            path: change.path,
        })
        .collect();
    Diff {
        changes,
        patch: patch(&Value::Object(Map::new()), &after, &salt),
        base: Value::Null,
        target: mask("", after, &salt),
        base_sha256: None,
        target_sha256: salt,
    }
}

/// Returns the objects and lists that have items to be compared, without anything else, so that
/// each of these items is a change.
fn containers(value: &Value) -> Value {
    let Value::Object(object) = value else {
        return Value::Array(Vec::new());
    };
    let members = object.iter().filter(|(_, value)| match value {
        Value::Object(object) => !object.is_empty(),
        Value::Array(items) => !items.is_empty() && list_keys(items).is_some(),
        _ => false,
    });
    let members = members.map(|(key, value)| (key.clone(), containers(value)));
    Value::Object(members.collect())
}

fn masked_change(change: UnmaskedChange, base: &Document, target: &Document, salt: &str) -> Change {
    let upstream = || upstream::weakening_reason(&change, base, target).map(str::to_owned);
    Change {
        kind: change.kind,
        weakens: weakening_reason(&change).or_else(upstream),
        location: location(&change, target),
        old: mask(&change.path, change.old, salt),
        new: mask(&change.path, change.new, salt),
        path: change.path,
    }
}

/// Returns the location of the new value in the target, as `base.yaml:41`.
fn location(change: &UnmaskedChange, document: &Document) -> Option<String> {
    if change.kind == ChangeKind::Removed {
        return None;
    }
    let path = indexed_path(&change.steps, &document.to_value())?;
    let location = document.location(&path)?;
    let file = document.source_name(location);
    Some(format!("{file}:{}", location.line))
}
