//! [`diff`]: from two documents to their difference.

use super::change::{Change, Diff};
use super::compare::{UnmaskedChange, compare};
use super::mask::mask;
use super::patch::patch;
use super::weaken::weakening_reason;
use crate::model::Document;

/// Compares two documents.
#[must_use]
pub fn diff(base: &Document, target: &Document) -> Diff {
    let (before, after) = (base.to_value(), target.to_value());
    let salt = base.sha256();
    let changes = compare(&before, &after)
        .into_iter()
        .map(|change| masked_change(change, target, &salt))
        .collect();
    Diff {
        changes,
        target_sha256: target.sha256(),
        patch: patch(&before, &after, &salt),
        base: mask("", before, &salt),
        target: mask("", after, &salt),
        base_sha256: salt,
    }
}

fn masked_change(change: UnmaskedChange, target: &Document, salt: &str) -> Change {
    let indexed_path = change.indexed_path.as_deref();
    Change {
        kind: change.kind,
        weakens: weakening_reason(&change),
        location: indexed_path.and_then(|path| location(target, path)),
        old: mask(&change.path, change.old, salt),
        new: mask(&change.path, change.new, salt),
        path: change.path,
    }
}

/// Returns the location of a path, as `base.yaml:41`.
fn location(document: &Document, path: &str) -> Option<String> {
    let location = document.location(path)?;
    let file = document.source_name(location);
    Some(format!("{file}:{}", location.line))
}
