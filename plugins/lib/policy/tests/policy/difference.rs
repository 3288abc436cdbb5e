//! Semantic differences.

use kt_policy::{ChangeKind, Diff, Source, diff, diff_from_none, parse};

use crate::sample::{BASE, base_with, good};

fn change(from: &str, to: &str) -> Diff {
    diff(&good(BASE), &good(&base_with(from, to)))
}

fn lines(diff: &Diff) -> Vec<String> {
    diff.text()
        .lines()
        .map(|line| line.split("  (at ").next().unwrap().to_owned())
        .collect()
}

#[test]
fn list_items_are_identified_by_their_keys() {
    for (from, to, line) in [
        (
            "action: redact",
            "action: block",
            "~ policy.pii-detector.action: redact → block",
        ),
        (
            "model: gpt-4o-mini",
            "model: gpt-4o",
            "~ providers.targets[id=main].model: gpt-4o-mini → gpt-4o",
        ),
        (", weight: 2", "", "- providers.targets[id=spare].weight: 2"),
        (
            "connect: 5s",
            "connect: 5s, idle: 3s",
            "+ providers.timeouts.idle: 3s",
        ),
        (
            "[falcon ledger]",
            "[falcon ledger, nightjar]",
            "+ policy.dlp-filter.blocked_terms[nightjar]: nightjar",
        ),
        (
            "[prompt-injection, pii-detector,",
            "[pii-detector, prompt-injection,",
            "~ policies.chain[pii-detector]: moved from position 1 to 0",
        ),
    ] {
        assert_eq!(lines(&change(from, to))[0], line);
    }
}

#[test]
fn every_weakened_guard_is_reported() {
    let weak = [
        ("enabled: true", "enabled: false"),
        ("dlp-filter, audit", "audit"),
        ("blocked_terms: [falcon ledger], ", ""),
        ("action: block}", "action: redact}"),
        ("action: block,", "action: log,"),
        (
            "detection: {attack_patterns: [\"(?i)forget your rules\"]}",
            "detection: {}",
        ),
        ("retention_days: 90", "retention_days: 30"),
        (
            "retention_days: 90",
            "retention_days: 90, log_all_access: false",
        ),
        ("action: redact", "action: redact, pci_mode: false"),
        ("action: redact", "action: redact, detect: {br-cpf: false}"),
        ("action: redact", "action: redact, detect: {phone: false}"),
        ("https://llm", "http://llm"),
        (
            "    detection:",
            "    encoding: {decode_base64: false}\n    detection:",
        ),
    ];
    for (from, to) in weak {
        let diff = change(from, to);
        assert!(
            !diff.guards_weakened().is_empty(),
            "{from} -> {to}\n{}",
            diff.text()
        );
        assert!(diff.text().contains("WEAKENS"));
        let back = self::diff(&good(&base_with(from, to)), &good(BASE));
        assert!(
            back.guards_weakened().is_empty(),
            "{to} -> {from}\n{}",
            back.text()
        );
    }
    for (from, to) in [
        ("action: redact", "action: block"),
        ("demo,", "other,"),
        ("{action: redact}", "{redaction: {numbers: zero}}"),
        (
            "action: block}",
            "action: block, redaction: {numbers: zero}}",
        ),
        ("weight: 2", "weight: 3"),
    ] {
        assert!(change(from, to).guards_weakened().is_empty());
    }
}

#[test]
fn streams_that_hold_less_are_weaker() {
    let strict = good(&base_with("{action: redact}", "{streaming: strict}"));
    for fluent in ["{}", "{streaming: fluent}"] {
        let fluent = good(&base_with("{action: redact}", fluent));
        let weaker = diff(&strict, &fluent);
        assert_eq!(weaker.guards_weakened().len(), 1, "{}", weaker.text());
        assert!(diff(&fluent, &strict).guards_weakened().is_empty());
    }
    let same = base_with("{action: redact}", "{streaming: fluent}");
    assert!(diff(&good(BASE), &good(&same)).is_empty());
}

#[test]
fn equal_hashes_and_every_form_of_a_difference_agree() {
    let variants: Vec<String> = [
        (BASE, BASE),
        ("action: redact", "action: block"),
        ("action: redact", "'action':   'redact'"),
        ("connect: 5s", "connect: 5000ms"),
        ("order: [main, spare]", "order: [spare, main]"),
        ("order: [main, spare]", "order: [main]"),
        ("{action: redact}", "{}"),
        ("{action: redact}", ""),
        ("[falcon ledger]", "[b c, falcon ledger]"),
        ("[falcon ledger]", "[falcon ledger, falcon ledger]"),
        ("[falcon ledger]", "[falcon ledger, b c]"),
        ("DEMO_KEY", "DEMO_KEY2"),
        ("env: DEMO_KEY", "store: DEMO_KEY"),
        ("weight: 2", "weight: 2, zdr: false"),
        ("dlp-filter, audit-logger", "audit-logger, dlp-filter"),
        ("providers:\n", "gateway: {}\nproviders:\n"),
        (
            "id: spare, provider: echo",
            "id: spare, provider: echo, timeouts: {}",
        ),
        ("retention_days: 90", ""),
    ]
    .iter()
    .map(|(from, to)| base_with(from, to))
    .collect();
    for a in &variants {
        for b in &variants {
            let (a, b) = (good(a), good(b));
            let found = diff(&a, &b);
            if a.sha256() == b.sha256() {
                assert!(found.is_empty(), "{}", found.text());
            }
            assert_eq!(found.is_empty(), found.unified("a", "b").is_empty());
            assert_eq!(found.is_empty(), found.patch.operations.is_empty());
            let back = diff(&b, &a);
            assert_eq!(found.is_empty(), back.is_empty(), "{}", back.text());
        }
    }
}

#[test]
fn secrets_are_replaced_by_tags() {
    let diff = change("DEMO_KEY", "CANARY_KEY");
    let shown = format!(
        "{}{}{}",
        diff.text(),
        diff.unified("a", "b"),
        serde_json::to_string(&diff).unwrap()
    );
    assert!(
        !shown.contains("CANARY_KEY") && !shown.contains("DEMO_KEY"),
        "{shown}"
    );
    assert_eq!(
        diff.changes[0].path,
        "providers.targets[id=main].secret_key_ref.env"
    );
    assert_ne!(diff.changes[0].old, diff.changes[0].new);
    assert!(diff.unified("a", "b").contains("redacted"));
}

#[test]
fn json_follows_its_schema() {
    let json = serde_json::to_value(change("action: redact", "action: block")).unwrap();
    assert_eq!(json["schema"], "kt.gateway.diff/v1");
    assert_eq!(json["equal"], false);
    let first = &json["changes"][0];
    assert_eq!(
        (&first["op"], &first["old"], &first["new"]),
        (&"changed".into(), &"redact".into(), &"block".into())
    );
    assert!(first["weakens"].is_null());
    assert_eq!(json["summary"]["changed"], 1);
    assert_eq!(json["base"]["sha256"], good(BASE).sha256());
}

#[test]
fn the_unified_form_contains_both_sides() {
    let text = change("action: redact", "action: block").unified("old.yaml", "new.yaml");
    assert!(
        text.starts_with("--- old.yaml\n+++ new.yaml\n@@ "),
        "{text}"
    );
    assert!(
        text.contains("\n-      \"action\": \"redact\"\n+      \"action\": \"block\"\n"),
        "{text}"
    );
}

#[test]
fn changes_have_the_location_in_their_layer() {
    let over = Source::new("over.yaml", "\n\npack: {version: 9.0.0}\n");
    let target = parse(&[Source::new("base.yaml", BASE), over]).unwrap();
    let diff = diff(&good(BASE), &target);
    assert_eq!(diff.changes[0].location.as_deref(), Some("over.yaml:3"));
    assert_eq!(diff.changes[0].kind, ChangeKind::Changed);
    assert!(diff.text().contains("(at over.yaml:3)"));
}

#[test]
fn everything_is_added_to_no_configuration() {
    let diff = diff_from_none(&good(BASE));
    let kinds: Vec<_> = diff.changes.iter().map(|change| change.kind).collect();
    assert!(kinds.iter().all(|kind| *kind == ChangeKind::Added));
    assert!(diff.guards_weakened().is_empty());
    let lines = lines(&diff);
    for line in [
        "+ policy.pii-detector.action: redact",
        "+ policies.chain[prompt-injection]: prompt-injection",
    ] {
        assert!(
            lines.iter().any(|l| l == line),
            "{line} is not in {lines:#?}"
        );
    }
    let (text, unified) = (diff.text(), diff.unified("none", "new.yaml"));
    assert!(
        unified.starts_with("--- none\n+++ new.yaml\n@@ -0,0 "),
        "{unified}"
    );
    assert!(!unified.contains("\n-"), "{unified}");
    let json = serde_json::to_value(&diff).unwrap();
    assert!(json["base"]["sha256"].is_null());
    assert_eq!(json["equal"], false);
    assert!(!format!("{text}{unified}{json}").contains("DEMO_KEY"));
    // Nothing is left out: what is added makes up the document.
    let added: usize = json["patch"].as_array().map_or(0, Vec::len);
    let canonical: serde_json::Value = serde_json::from_str(&good(BASE).canonical()).unwrap();
    assert_eq!(Some(added), canonical.as_object().map(serde_json::Map::len));
}
