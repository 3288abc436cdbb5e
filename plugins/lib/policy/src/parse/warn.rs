//! What is allowed but probably not meant.

use crate::model::{Document, PolicyKind, SourceLocation, Word};
use crate::problem::{Problem, code};

/// The warnings of a document.
pub(crate) fn warnings(document: &Document) -> Vec<Problem> {
    let mut found = Vec::new();
    for (word, kind) in PolicyKind::WORDS {
        if document.policy.has(*kind) && !document.chain.contains(kind) {
            let path = format!("policy.{word}");
            let message = format!("`{path}` is not in `policies.chain` and does nothing");
            found.push(at(document, code::W_NOT_CHAINED, &path, message));
        }
    }
    if !document.pack.enabled {
        let message = "the pack is disabled: no policy is enforced".to_owned();
        found.push(at(document, code::W_DISABLED, "pack.enabled", message));
    }
    if document
        .providers
        .as_ref()
        .is_none_or(|p| p.targets.is_empty())
    {
        let message = "there is no upstream under `providers.targets`".to_owned();
        found.push(at(document, code::W_NO_TARGET, "providers", message));
    }
    let audit = document
        .chain
        .iter()
        .position(|k| *k == PolicyKind::AuditLogger);
    if let Some(index) = audit.filter(|index| index + 1 < document.chain.len()) {
        let message = "`audit-logger` belongs at the end of the chain".to_owned();
        let path = format!("policies.chain[{index}]");
        found.push(at(document, code::W_AUDIT_ORDER, &path, message));
    }
    found
}

fn at(document: &Document, code: &'static str, path: &str, message: String) -> Problem {
    let place = document.place(path).unwrap_or(SourceLocation {
        file: 0,
        line: 0,
        column: 0,
    });
    document.files.problem(code, place, path, message)
}
