//! The document itself: canonical form, hash, example.

use crate::sample::{BASE, base_with, good};
use kt_policy::Strategy;

const EXAMPLE: &str = include_str!("../../../../../docs/examples/policy-config.yaml");

#[test]
fn the_example_is_valid_without_warnings() {
    let document = good(EXAMPLE);
    assert_eq!(document.warnings(), []);
    let providers = document.providers.as_ref().unwrap();
    assert_eq!(providers.targets[0].provider, "echo");
    assert_eq!(document.chain.last().unwrap().as_str(), "audit-logger");
}

#[test]
fn the_notation_does_not_change_the_hash() {
    let document = good(BASE);
    let same = "\
# another notation
policy:
  audit-logger:
    retention_days: 90
  dlp-filter:
    action: 'block'
    blocked_terms: ['falcon ledger']
  pii-detector: {\"action\": \"redact\"}
  prompt-injection:
    response: {message: 'not permitted', action: block}
    detection: {attack_patterns: ['(?i)forget your rules']}
policies:
  chain:
    - prompt-injection
    - pii-detector
    - dlp-filter
    - audit-logger
providers:
  timeouts: &limits {connect: 5000ms}
  routing: {order: [main, spare], strategy: ordered}
  targets:
    - base_url: https://llm.internal.test
      provider: openai
      secret_key_ref: {env: DEMO_KEY}
      model: gpt-4o-mini
      id: main
    - id: spare
      weight: 2
      provider: echo
pack:
  enabled: true
  version: \"1.0.0\"
  name: demo
";
    assert_eq!(good(same).canonical(), document.canonical());
    assert_eq!(good(same).sha256(), document.sha256());
    assert_eq!(document.sha256().len(), 64);
}

#[test]
fn every_setting_changes_the_hash() {
    let hash = good(BASE).sha256();
    for (from, to) in [
        ("name: demo", "name: demo2"),
        ("order: [main, spare]", "order: [spare, main]"),
        ("DEMO_KEY", "OTHER_KEY"),
        ("weight: 2", "weight: 3"),
        ("action: redact", "action: block"),
        ("{action: redact}", "{}"),
        ("connect: 5s", "connect: 6s"),
        ("falcon ledger", "Falcon ledger"),
    ] {
        assert_ne!(good(&base_with(from, to)).sha256(), hash, "{from} -> {to}");
    }
}

#[test]
fn the_canonical_form_is_sorted_and_without_defaults() {
    let text = "pack: {version: 1.0.0, name: \"a\\\"é\", enabled: false}\npolicies: {chain: []}\n";
    assert_eq!(
        good(text).canonical(),
        r#"{"pack":{"enabled":false,"name":"a\"é","version":"1.0.0"},"policies":{"chain":[]}}"#
    );
}

#[test]
fn anchors_and_merges_are_resolved() {
    let text = base_with(
        "    - {id: spare, provider: echo, weight: 2}",
        "    - &spare {id: spare, provider: echo, weight: 2}\n    - <<: *spare\n      id: third",
    );
    let document = good(&text);
    let targets = &document.providers.as_ref().unwrap().targets;
    assert_eq!(
        (targets[2].id.as_str(), targets[2].weight),
        ("third", Some(2))
    );
}

#[test]
fn routing_uses_the_configured_order() {
    let document = good(&base_with("[main, spare]", "[spare]"));
    let providers = document.providers.unwrap();
    let routed: Vec<_> = providers.routed().iter().map(|t| t.id.clone()).collect();
    assert_eq!(routed, ["spare"]);
    assert_eq!(providers.routing.unwrap().strategy, Some(Strategy::Ordered));
    assert_eq!(providers.targets[1].effective_base_url(), None);
}

#[test]
fn questionable_settings_are_warnings() {
    let codes = |text: &str| -> Vec<&str> {
        good(text)
            .warnings()
            .iter()
            .map(|warning| warning.code)
            .collect()
    };
    assert_eq!(codes(&base_with("dlp-filter, audit", "audit")), ["W001"]);
    assert_eq!(
        codes(&base_with("enabled: true", "enabled: false")),
        ["W002"]
    );
    assert_eq!(
        codes(&base_with(
            "dlp-filter, audit-logger",
            "audit-logger, dlp-filter"
        )),
        ["W004"]
    );
    assert_eq!(
        codes("pack: {name: a, version: 1.0.0, enabled: true}\npolicies: {chain: []}"),
        ["W003"]
    );
}

#[test]
fn a_pattern_that_misses_long_matches_is_a_warning() {
    let warnings = |pattern: &str| {
        let text = format!(
            "pack: {{name: a, version: 1.0.0, enabled: true}}\nproviders: {{targets: [{{id: e, provider: echo}}]}}\n\
             policies: {{chain: [dlp-filter]}}\npolicy: {{dlp-filter: {{detect_patterns: ['{pattern}']}}}}\n"
        );
        good(&text).warnings().to_vec()
    };
    let found = warnings("begin.*end");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "W006");
    assert_eq!(found[0].path, "policy.dlp-filter.detect_patterns[0]");
    assert!(warnings("begin.{0,120}end").is_empty());
}
