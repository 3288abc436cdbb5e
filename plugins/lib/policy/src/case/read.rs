//! [`parse_case`]: source in, case or problems out. JSON is read as the YAML
//! that it is, so that every problem has its place.

use serde_json::Value as Json;

use super::{Case, Expected};
use crate::chain::REASON_CODES;
use crate::parse::Source;
use crate::parse::field::{Field, Keys, Table, wrong_type};
use crate::parse::files::{Files, Findings};
use crate::parse::node::{Node, Value};
use crate::parse::read_layers;
use crate::parse::scalar::{Spec, crop};
use crate::problem::{Problems, code};

const KEYS: Keys = Keys {
    known: &["name", "input", "expected"],
    unsupported: &[],
};
const INPUT_KEYS: Keys = Keys {
    known: &["messages", "upstream_response"],
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

const NAME: Spec = Spec { min: 1, max: 200 };

/// Reads one case, JSON or YAML.
///
/// # Errors
///
/// All [`Problems`] of the source.
pub fn parse_case(source: &Source) -> Result<Case, Problems> {
    let files = Files::new(std::iter::once((
        source.name.as_str(),
        source.text.as_str(),
    )));
    let mut findings = Findings::new(&files);
    let root = read_layers(std::slice::from_ref(source), &mut findings);
    let case = root.and_then(|root| decode(&root, &source.name, &mut findings));
    match case {
        Some(case) if findings.problems.is_empty() => Ok(case),
        _ => Err(Problems::new(findings.problems)),
    }
}

fn decode(root: &Node, file: &str, findings: &mut Findings<'_>) -> Option<Case> {
    let table = Table::open(root, "", root.place, Some(&KEYS), findings)?;
    for key in KEYS.known {
        table.require(key, findings);
    }
    let name = table
        .field("name", findings)
        .and_then(|field| field.bounded(&NAME, findings));
    let input = table.table("input", &INPUT_KEYS, findings);
    let messages = input.as_ref().and_then(|t| messages(t, findings));
    let upstream_response = input
        .and_then(|t| t.field("upstream_response", findings))
        .and_then(|field| field.text(findings));
    let expected = table
        .table("expected", &EXPECTED_KEYS, findings)
        .and_then(|t| expected(&t, findings));
    Some(Case {
        name: name?,
        file: file.to_owned(),
        messages: messages?,
        upstream_response,
        expected: expected?,
    })
}

fn messages(input: &Table<'_>, findings: &mut Findings<'_>) -> Option<Vec<Json>> {
    input.require("messages", findings);
    let items = input.list("messages", findings)?;
    for item in &items {
        let table = Table::open(
            item.node,
            &item.path,
            item.at,
            Some(&MESSAGE_KEYS),
            findings,
        );
        if let Some(table) = table {
            message(&table, findings);
        }
    }
    Some(items.iter().map(|item| json(item.node)).collect())
}

/// A number or a switch where a text is meant is no text to the gateway either,
/// and the case would prove nothing.
fn message(table: &Table<'_>, findings: &mut Findings<'_>) {
    table.require("role", findings);
    if let Some(role) = table.field("role", findings) {
        role.text(findings);
    }
    if let Some(Field { node, path, at }) = table.field("content", findings)
        && !matches!(node.value, Value::Text(_) | Value::List(_) | Value::Null)
    {
        wrong_type(findings, at, &path, "a string or a list", &node.value);
    }
}

fn expected(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<Expected> {
    table.require("verdict", findings);
    let verdict = table.word("verdict", findings);
    let reason_code = match table.field("reason_code", findings) {
        None => None,
        Some(field) if matches!(field.node.value, Value::Null) => Some(None),
        Some(field) => Some(Some(reason(&field, findings)?)),
    };
    Some(Expected {
        verdict: verdict?,
        reason_code,
    })
}

fn reason(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = field.text(findings)?;
    if REASON_CODES.contains(&text.as_str()) {
        return Some(text);
    }
    let message = format!("unknown reason code `{}`", crop(&text));
    findings
        .report(code::UNKNOWN_WORD, field.at, &field.path, message)
        .suggest(&text, REASON_CODES.into_iter())
        .help(format!("known reason codes: {}", REASON_CODES.join(", ")));
    None
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        // No policy looks at numbers.
        Value::Float => Json::from(0.0),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Table(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.node)))
            .collect(),
    }
}
