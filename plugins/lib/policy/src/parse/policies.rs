//! `policies.chain` and the blocks under `policy`.

use std::borrow::Cow;

use crate::decode::{Diagnostics, Keys, Mapping, truncate};
use crate::kinds::{KINDS, Registration, UNSUPPORTED, find};
use crate::model::{Policies, PolicyKind};
use crate::problem::code;
use crate::source::SourceLocation;

const CHAIN_KEYS: Keys = Keys {
    known: &["chain"],
    unsupported: &[],
};
/// Reads the chain and the blocks, and checks that each kind in the chain has a block.
pub(crate) fn decode(
    root: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Vec<PolicyKind>, Policies) {
    let chain = chain(root, diagnostics);
    let (blocks, present) = blocks(root, diagnostics);
    for (index, (kind, location)) in chain.iter().enumerate() {
        if !present.contains(kind) {
            let path = format!("policies.chain[{index}]");
            let message = format!("`{kind}` is in the chain but has no block");
            diagnostics
                .report(code::MISSING_BLOCK, *location, &path, message)
                .help(format!("add `{kind}: {{}}` under `policy`"));
        }
    }
    (chain.into_iter().map(|(kind, _)| kind).collect(), blocks)
}

fn chain(
    root: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<(PolicyKind, SourceLocation)> {
    let mut chain: Vec<(PolicyKind, SourceLocation)> = Vec::new();
    root.require("policies", diagnostics);
    let Some(mapping) = root.mapping("policies", &CHAIN_KEYS, diagnostics) else {
        return chain;
    };
    mapping.require("chain", diagnostics);
    for item in mapping.sequence("chain", diagnostics).unwrap_or_default() {
        let Some(text) = item.string(diagnostics) else {
            continue;
        };
        let Some(known) = known_kind(&text, item.location, &item.path, diagnostics) else {
            continue;
        };
        let kind = known.policy(&text);
        if chain.iter().any(|(other, _)| *other == kind) {
            let message = format!("`{kind}` occurs twice in the chain");
            diagnostics.report(code::DUPLICATE, item.location, &item.path, message);
            continue;
        }
        chain.push((kind, item.location));
    }
    chain
}

/// Returns the policy kind with a name; reports unknown and unsupported ones.
fn known_kind(
    text: &str,
    location: SourceLocation,
    path: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<&'static Registration> {
    let known = find(text);
    if known.is_some() {
        return known;
    }
    if UNSUPPORTED.contains(&text) {
        diagnostics.report_unsupported(location, path, &format!("the policy kind `{text}`"));
        return None;
    }
    let names: Vec<Cow<'static, str>> = KINDS.iter().map(Registration::form).collect();
    diagnostics
        .report(
            code::UNKNOWN_KIND,
            location,
            path,
            format!("unknown policy kind `{}`", truncate(text)),
        )
        .suggest(text, names.iter().map(AsRef::as_ref))
        .help(format!("known kinds: {}", names.join(", ")));
    None
}

fn blocks(root: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> (Policies, Vec<PolicyKind>) {
    let mut blocks = Policies::default();
    let mut present = Vec::new();
    let Some(field) = root.field("policy", diagnostics) else {
        return (blocks, present);
    };
    let Some(mapping) = Mapping::open(field.node, &field.path, field.location, None, diagnostics)
    else {
        return (blocks, present);
    };
    for entry in mapping.entries() {
        let path = mapping.path_of(&entry.key);
        let known = known_kind(&entry.key, entry.key_location, &path, diagnostics);
        let Some(known) = known else {
            continue;
        };
        let kind = known.policy(&entry.key);
        present.push(kind);
        if let Some(block) = known.decode(kind, &mapping, diagnostics) {
            blocks.insert(kind, block);
        }
    }
    (blocks, present)
}
