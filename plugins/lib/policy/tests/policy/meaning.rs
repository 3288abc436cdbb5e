//! Differences in meaning, rather than in notation.

use kt_policy::{Diff, diff};

use crate::sample::{BASE, base_with, good};

fn change(from: &str, to: &str) -> Diff {
    diff(&good(BASE), &good(&base_with(from, to)))
}

#[test]
fn what_means_the_same_is_no_difference() {
    let same = [
        ("connect: 5s", "connect: 5000ms"),
        ("  timeouts: {connect: 5s}\n", ""),
        (
            "timeouts: {connect: 5s}",
            "timeouts: {connect: 5s, total: 600s}",
        ),
        ("weight: 2", "weight: 2, timeouts: {connect: 5s}"),
        ("{action: redact}", "{}"),
        (
            "{action: redact}",
            "{pci_mode: true, detect_patterns: [], redaction: {}}",
        ),
        (
            "{action: redact}",
            "{redaction: {marker_format: numbered, preserve_length: false, custom_markers: {}}}",
        ),
        ("{action: redact}", "{redaction: {numbers: marker}}"),
        (
            "action: block}",
            "action: block, redaction: {numbers: marker}}",
        ),
        (
            "    detection:",
            "    encoding: {decode_base64: true}\n    detection:",
        ),
        ("action: block, message", "message"),
        ("[falcon ledger]", "[Falcon LEDGER, falcon ledger]"),
        ("[falcon ledger]", "[ｆalcon ledger]"),
        (
            "retention_days: 90",
            "retention_days: 90, log_all_access: true",
        ),
        ("weight: 2", "weight: 2, zdr: false, data_collection: allow"),
        ("strategy: ordered, ", ""),
        ("  routing: {strategy: ordered, order: [main, spare]}\n", ""),
        ("https://llm", "HTTPS://LLM"),
        (".test\n", ".test/\n"),
        (".test\n", ".test:443/v1\n"),
        (".test\n", ".test/v1/chat/completions\n"),
        (
            "model: gpt",
            "api_key_header: authorization\n      api_key_prefix: Bearer\n      model: gpt",
        ),
        (
            "policies:",
            "size_limits: {max_body_bytes: 33554432}\npolicies:",
        ),
        (
            "policies:",
            "gateway: {strict: false, refusal_status: 400, outbound: {}}\npolicies:",
        ),
        (
            "  timeouts:",
            "  fallback: {triggers: [timeout, rate_limit, server_error]}\n  timeouts:",
        ),
        (
            "  timeouts:",
            "  fallback: {max_fallback_attempts: 2}\n  timeouts:",
        ),
        (
            "  timeouts:",
            "  circuit_breaker: {enabled: true, failure_threshold: 5}\n  timeouts:",
        ),
    ];
    for (from, to) in same {
        let forward = change(from, to);
        assert!(forward.is_empty(), "{from} -> {to}\n{}", forward.text());
        let back = diff(&good(&base_with(from, to)), &good(BASE));
        assert!(back.is_empty(), "{to} -> {from}\n{}", back.text());
        assert_eq!(forward.unified("a", "b") + &back.unified("a", "b"), "");
        assert!(forward.patch.operations.is_empty() && back.patch.operations.is_empty());
    }
    let sets = [
        ("[falcon ledger]", "[one, two]", "[Two, one]"),
        (
            "weight: 2",
            "model: m, aliases: [a, b]",
            "model: m, aliases: [b, a]",
        ),
        (
            "policies:",
            "gateway: {outbound: {allowed_ports: [443, 80]}}\npolicies:",
            "gateway: {outbound: {allowed_ports: [80, 443, 80]}}\npolicies:",
        ),
        (
            "{action: redact}",
            "{detect_patterns: ['x[0-9]', 'y[0-9]']}",
            "{detect_patterns: ['y[0-9]', 'x[0-9]']}",
        ),
        (
            "timeouts: {connect: 5s}",
            "circuit_breaker: {enabled: false}",
            "circuit_breaker: {enabled: false, failure_threshold: 9}",
        ),
    ];
    for (from, one, other) in sets {
        let diff = diff(&good(&base_with(from, one)), &good(&base_with(from, other)));
        assert!(diff.is_empty(), "{one} -> {other}\n{}", diff.text());
    }
}

#[test]
fn what_means_something_else_is_a_difference() {
    for (from, to) in [
        (
            "prompt-injection, pii-detector,",
            "pii-detector, prompt-injection,",
        ),
        ("order: [main, spare]", "order: [spare, main]"),
        ("order: [main, spare]", "order: [main]"),
        ("[falcon ledger]", "[falconledger]"),
        ("connect: 5s", "connect: 5s, idle: 60s"),
        ("weight: 2", "model: m, aliases: [a]"),
        ("{action: redact}", "{redaction: {preserve_length: true}}"),
        (".test\n", ".test/v2\n"),
        (".test\n", ".test/v1?x=1\n"),
        ("gpt-4o-mini", "GPT-4o-mini"),
        ("(?i)forget", "forget"),
        (
            "policies:",
            "gateway: {outbound: {allowed_ports: [443]}}\npolicies:",
        ),
        (
            "  timeouts:",
            "  fallback: {triggers: [timeout]}\n  timeouts:",
        ),
        (
            "  timeouts:",
            "  circuit_breaker: {enabled: false}\n  timeouts:",
        ),
    ] {
        assert!(!change(from, to).is_empty(), "{from} -> {to}");
        let back = diff(&good(&base_with(from, to)), &good(BASE));
        assert!(!back.is_empty(), "{to} -> {from}");
    }
}

#[test]
fn only_what_differs_is_shown() {
    let target = base_with(
        "{blocked_terms: [falcon ledger]",
        "{blocked_terms: [new, Falcon Ledger]",
    )
    .replace("{action: redact}", "{pci_mode: true}")
    .replace(
        "timeouts: {connect: 5s}",
        "timeouts: {connect: 5000ms, total: 60s}",
    );
    let diff = diff(&good(BASE), &good(&target));
    assert_eq!(
        diff.text()
            .lines()
            .map(without_location)
            .collect::<Vec<_>>(),
        [
            "+ policy.dlp-filter.blocked_terms[new]: new",
            "+ providers.timeouts.total: 1m",
            "2 added",
        ]
    );
    let locations: Vec<_> = diff.changes.iter().map(|c| c.location.clone()).collect();
    assert!(locations.iter().all(Option::is_some), "{locations:?}");
    assert_eq!(diff.patch.operations.len(), 2);
    let unified = diff.unified("a", "b");
    let changed = unified
        .lines()
        .skip(2)
        .filter(|l| l.starts_with(['-', '+']));
    assert!(changed.count() <= 6, "{unified}");
}

#[test]
fn a_change_of_where_requests_go_is_reported() {
    for (from, to, reason) in [
        ("llm.internal", "other.internal", "another host"),
        ("https://llm", "http://llm", "not encrypted"),
        (".test\n", ".test:8443\n", "another port"),
        (
            "https://llm.internal.test",
            "http://llm.internal.test:8080",
            "not encrypted",
        ),
        (
            "      base_url: https://llm.internal.test\n",
            "",
            "another host",
        ),
        ("env: DEMO_KEY", "env: OTHER_KEY", "another credential"),
        ("env: DEMO_KEY", "store: demo", "another credential"),
        (
            "      secret_key_ref: {env: DEMO_KEY}\n",
            "",
            "no credential",
        ),
        (
            "model: gpt",
            "api_key_header: x-key\n      model: gpt",
            "another header",
        ),
        ("provider: echo", "provider: groq", "another host"),
        (
            "    - {id: spare",
            "    - {id: third, provider: own, base_url: 'https://third.test'}\n    - {id: spare",
            "another host",
        ),
        (
            "policies:",
            "size_limits: {max_body_bytes: 67108864}\npolicies:",
            "size limit",
        ),
    ] {
        let diff = change(from, to);
        let weakened = diff.guards_weakened();
        assert_eq!(weakened.len(), 1, "{from} -> {to}\n{}", diff.text());
        let found = weakened[0].weakens.as_deref().unwrap();
        assert!(found.contains(reason), "{from} -> {to}: {found}");
    }
    for (from, to) in [
        ("https://llm", "https://LLM"),
        ("model: gpt-4o-mini", "model: gpt-4o"),
        ("weight: 2", "secret_key_ref: {env: KEY}"),
        (".test\n", ".test/v2\n"),
        (
            "    - {id: spare",
            "    - {id: third, provider: own, base_url: 'https://llm.internal.test/v2'}\n    - {id: spare",
        ),
    ] {
        let diff = change(from, to);
        assert!(diff.guards_weakened().is_empty(), "{}", diff.text());
    }
}

fn without_location(line: &str) -> &str {
    line.split("  (at ").next().unwrap_or(line)
}
