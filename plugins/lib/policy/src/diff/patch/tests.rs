//! Applying the patch, with an independent implementation, gives the target.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Patch, patch};
use crate::diff::{diff, mask};
use crate::parse::parse;
use crate::source::Source;

/// Applies a serialized patch according to RFC 6902.
fn apply(mut document: Value, patch: &Patch) -> Value {
    let operations = serde_json::to_value(patch).unwrap();
    for operation in operations.as_array().unwrap() {
        let pointer = |key: &str| steps(operation[key].as_str().unwrap());
        match operation["op"].as_str().unwrap() {
            "add" => add(&mut document, &pointer("path"), operation["value"].clone()),
            "remove" => drop(remove(&mut document, &pointer("path"))),
            "replace" => {
                *at(&mut document, &pointer("path")) = operation["value"].clone();
            }
            "move" => {
                let value = remove(&mut document, &pointer("from"));
                add(&mut document, &pointer("path"), value);
            }
            other => panic!("no operation of RFC 6902 that is used here: {other}"),
        }
    }
    document
}

fn steps(pointer: &str) -> Vec<String> {
    assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer}");
    let steps = pointer.split('/').skip(1);
    steps
        .map(|s| s.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn at<'v>(value: &'v mut Value, steps: &[String]) -> &'v mut Value {
    steps.iter().fold(value, |value, step| match value {
        Value::Object(map) => map.get_mut(step).unwrap(),
        Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
        _ => panic!("a scalar has no members"),
    })
}

fn add(document: &mut Value, steps: &[String], value: Value) {
    let Some((last, parents)) = steps.split_last() else {
        *document = value;
        return;
    };
    match at(document, parents) {
        Value::Object(map) => drop(map.insert(last.clone(), value)),
        Value::Array(items) => items.insert(last.parse().unwrap(), value),
        _ => panic!("a scalar takes nothing in"),
    }
}

fn remove(document: &mut Value, steps: &[String]) -> Value {
    let (last, parents) = steps.split_last().unwrap();
    match at(document, parents) {
        Value::Object(map) => map.shift_remove(last).unwrap(),
        Value::Array(items) => items.remove(last.parse().unwrap()),
        _ => panic!("a scalar has no members"),
    }
}

/// Values that lie close enough together for a change to be more than a
/// replacement of the whole; no key of them is that of a secret.
fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        "[ab/~é]{0,2}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        let key = prop_oneof![
            "[ab]",
            "[/~]{1,2}",
            Just(String::new()),
            Just("~1".to_owned())
        ];
        let table = prop::collection::btree_map(key, inner.clone(), 0..5);
        let named =
            ("[a-f]", inner.clone()).prop_map(|(id, more)| json!({ "id": id, "more": more }));
        prop_oneof![
            table.prop_map(|map| map.into_iter().collect::<Value>()),
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            prop::collection::vec(named, 0..6).prop_map(Value::from),
            prop::collection::vec("[a-f]", 0..6).prop_map(Value::from),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_leads_from_any_value_to_any_other(before in values(), after in values()) {
        let patch = patch(&before, &after, "");
        prop_assert!(!patch.masked);
        prop_assert_eq!(patch.operations.is_empty(), before == after);
        prop_assert_eq!(apply(before, &patch), after);
    }

    #[test]
    fn a_patch_leads_from_any_document_to_the_meaning_of_any_other(before in documents(), after in documents()) {
        let [before, after] = [before, after].map(|text| parse(&[Source::new("a.yaml", text)]).unwrap());
        let diff = diff(&before, &after);
        prop_assert!(!diff.patch.masked);
        prop_assert_eq!(diff.patch.operations.is_empty(), diff.is_empty());
        prop_assert_eq!(diff.is_empty(), crate::diff(&after, &before).is_empty());
        let canonical = serde_json::from_str::<Value>(&before.canonical()).unwrap();
        let patched = apply(canonical, &diff.patch).to_string();
        let patched = parse(&[Source::new("patched.yaml", patched)]).unwrap();
        for rest in [crate::diff(&patched, &after), crate::diff(&after, &patched)] {
            prop_assert!(rest.is_empty(), "{}", rest.text());
        }
    }
}

/// Documents without secrets: any chain in any order, with blocks, targets and
/// lists that differ.
fn documents() -> impl Strategy<Value = String> {
    let kinds = [
        "prompt-injection",
        "pii-detector",
        "dlp-filter",
        "audit-logger",
    ];
    let chain = prop::sample::subsequence(kinds.to_vec(), 0..=4).prop_shuffle();
    let terms = prop::collection::vec("[a-d]{2}", 0..4);
    let ids = prop::sample::subsequence(vec!["a", "b", "c", "d"], 1..=4).prop_shuffle();
    let weights = prop::collection::vec(prop::option::of(0..3_u8), 4);
    let block = prop::sample::select(vec!["block", "redact"]);
    (chain, terms, ids, weights, block).prop_map(|(chain, terms, ids, weights, action)| {
        let target = |(id, weight): (&&str, &Option<u8>)| {
            let weight = weight.map_or(String::new(), |w| format!(", weight: {w}"));
            format!("{{id: {id}, provider: echo{weight}}}")
        };
        let targets: Vec<String> = ids.iter().zip(&weights).map(target).collect();
        let quoted: Vec<String> = terms.iter().map(|term| format!("'{term}'")).collect();
        format!(
            "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
             providers: {{targets: [{}]}}\npolicies: {{chain: [{}]}}\npolicy:\n  prompt-injection: {{}}\n  \
             pii-detector: {{action: {action}}}\n  audit-logger: {{}}\n  dlp-filter: {{blocked_terms: [{}]}}\n",
            targets.join(", "), chain.join(", "), quoted.join(", "),
        )
    })
}

#[test]
fn pointers_are_escaped() {
    let patch = patch(
        &json!({ "a/b": { "~": 1 } }),
        &json!({ "a/b": { "~": 2 } }),
        "",
    );
    let printed = serde_json::to_value(&patch).unwrap();
    assert_eq!(
        printed,
        json!([{ "op": "replace", "path": "/a~1b/~0", "value": 2 }])
    );
}

#[test]
fn an_item_that_moved_is_moved() {
    let patch = patch(&json!(["a", "b", "c"]), &json!(["c", "a", "b"]), "");
    let printed = serde_json::to_value(&patch).unwrap();
    assert_eq!(
        printed,
        json!([{ "op": "move", "from": "/2", "path": "/0" }])
    );
}

/// The tags are short, so that they cannot be guessed from: two of them may be
/// alike, and the change must be there all the same.
#[test]
fn a_secret_is_masked_and_its_change_is_not_lost() {
    let secret = |n: u32| json!({ "t": [{ "id": "x", "api_key": format!("s{n}") }] });
    let tag = |n: u32| mask::mask("", secret(n), "salt");
    let (one, other) = (1..5000)
        .find_map(|n| (0..n).find(|m| tag(*m) == tag(n)).map(|m| (m, n)))
        .unwrap();
    let patch = patch(&secret(one), &secret(other), "salt");
    assert!(patch.masked);
    let printed = serde_json::to_value(&patch).unwrap();
    assert_eq!(printed.as_array().unwrap().len(), 1, "{printed}");
    assert_eq!(printed[0]["path"], "/t/0/api_key");
    let value = printed[0]["value"].as_str().unwrap();
    assert!(value.starts_with("‹redacted "), "{printed}");
}
