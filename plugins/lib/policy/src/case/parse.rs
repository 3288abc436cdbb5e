//! [`parse_case`]: from a source to a case or problems. JSON is parsed as YAML, of which it is a
//! subset, so that every problem has a location.

use std::net::IpAddr;

use serde_json::Value as Json;

use super::{Case, Expected};
use crate::decode::{Diagnostics, Field, Keys, LengthRange, Mapping, Node, NodeKind, truncate};
use crate::kinds::reason_codes;
use crate::parse::parse_layers;
use crate::problem::{Problems, code};
use crate::source::{Source, SourceMap};

const KEYS: Keys = Keys {
    known: &["name", "input", "expected"],
    unsupported: &[],
};
const INPUT_KEYS: Keys = Keys {
    known: &["caller_address", "messages", "model", "upstream_response"],
    unsupported: &["headers", "proxy_name", "request", "team_slugs"],
};
const MESSAGE_KEYS: Keys = Keys {
    known: &["role", "content", "name", "tool_calls", "tool_call_id"],
    unsupported: &[],
};
const EXPECTED_KEYS: Keys = Keys {
    known: &["verdict", "reason_code"],
    unsupported: &[],
};

const NAME: LengthRange = LengthRange { min: 1, max: 200 };

/// Parses a case, in JSON or YAML.
///
/// # Errors
///
/// All [`Problems`] of the source.
pub fn parse_case(source: &Source) -> Result<Case, Problems> {
    let source_map = SourceMap::new(std::slice::from_ref(source));
    let mut diagnostics = Diagnostics::new(&source_map);
    let root = parse_layers(std::slice::from_ref(source), &mut diagnostics);
    let case = root.and_then(|root| decode(&root, &source.name, &mut diagnostics));
    match case {
        Some(case) if diagnostics.problems.is_empty() => Ok(case),
        _ => Err(Problems::new(diagnostics.problems)),
    }
}

fn decode(root: &Node, file: &str, diagnostics: &mut Diagnostics<'_>) -> Option<Case> {
    let mapping = Mapping::open(root, "", root.location, Some(&KEYS), diagnostics)?;
    for key in KEYS.known {
        mapping.require(key, diagnostics);
    }
    let name = mapping
        .field("name", diagnostics)
        .and_then(|field| field.bounded_string(&NAME, diagnostics));
    let input = mapping.mapping("input", &INPUT_KEYS, diagnostics);
    let messages = input.as_ref().and_then(|t| messages(t, diagnostics));
    let caller_address = input
        .as_ref()
        .and_then(|t| t.field("caller_address", diagnostics))
        .and_then(|field| address(&field, diagnostics));
    let mut text = |key| {
        let field = input.as_ref()?.field(key, diagnostics)?;
        field.string(diagnostics)
    };
    let (model, upstream_response) = (text("model"), text("upstream_response"));
    let expected = mapping
        .mapping("expected", &EXPECTED_KEYS, diagnostics)
        .and_then(|t| expected(&t, diagnostics));
    Some(Case {
        name: name?,
        file: file.to_owned(),
        caller_address,
        model,
        messages: messages?,
        upstream_response,
        expected: expected?,
    })
}

fn address(field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<IpAddr> {
    let address = field.string(diagnostics)?.parse().ok();
    if address.is_none() {
        field.reject(format!("`{}` is not an address", field.path), diagnostics);
    }
    address
}

fn messages(input: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Vec<Json>> {
    input.require("messages", diagnostics);
    let items = input.sequence("messages", diagnostics)?;
    for item in &items {
        let mapping = Mapping::open(
            item.node,
            &item.path,
            item.location,
            Some(&MESSAGE_KEYS),
            diagnostics,
        );
        if let Some(mapping) = mapping {
            message(&mapping, diagnostics);
        }
    }
    Some(items.iter().map(|item| json(item.node)).collect())
}

/// Checks the types of a message: the gateway does not inspect a `content` that is a number or a
/// boolean, so such a case would test nothing.
fn message(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) {
    mapping.require("role", diagnostics);
    if let Some(role) = mapping.field("role", diagnostics) {
        role.string(diagnostics);
    }
    if let Some(Field {
        node,
        path,
        location,
    }) = mapping.field("content", diagnostics)
        && !matches!(
            node.kind,
            NodeKind::String(_) | NodeKind::Sequence(_) | NodeKind::Null
        )
    {
        diagnostics.report_type(location, &path, "a string or a list", &node.kind);
    }
}

fn expected(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Expected> {
    mapping.require("verdict", diagnostics);
    let verdict = mapping.variant("verdict", diagnostics);
    let reason_code = match mapping.field("reason_code", diagnostics) {
        None => None,
        Some(field) if matches!(field.node.kind, NodeKind::Null) => Some(None),
        Some(field) => Some(Some(reason(&field, diagnostics)?)),
    };
    Some(Expected {
        verdict: verdict?,
        reason_code,
    })
}

fn reason(field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let text = field.string(diagnostics)?;
    let known = reason_codes();
    if known.contains(&text.as_str()) {
        return Some(text);
    }
    let message = format!("unknown reason code `{}`", truncate(&text));
    diagnostics
        .report(code::UNKNOWN_VALUE, field.location, &field.path, message)
        .suggest(&text, known.iter().copied())
        .help(format!("known reason codes: {}", known.join(", ")));
    None
}

fn json(node: &Node) -> Json {
    match &node.kind {
        NodeKind::Null => Json::Null,
        NodeKind::Bool(value) => Json::from(*value),
        NodeKind::Int(value) => Json::from(*value),
        // No policy inspects numbers.
        NodeKind::Float => Json::from(0.0),
        NodeKind::String(text) => Json::from(text.as_str()),
        NodeKind::Sequence(items) => items.iter().map(json).collect(),
        NodeKind::Mapping(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.node)))
            .collect(),
    }
}
