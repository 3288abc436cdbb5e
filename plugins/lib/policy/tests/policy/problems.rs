//! Problems, with code and exact location.

use crate::sample::{BASE, bad, base_with, good, read, single};
use kt_policy::{Source, parse};

/// Asserts that the only problem of a text has this code and path, and is located at the `^` in
/// the text.
fn assert_only(marked: &str, code: &str, path: &str) {
    let (before, after) = marked.split_once('^').unwrap();
    let problems = bad(&format!("{before}{after}"));
    assert_eq!(problems.len(), 1, "{problems}");
    let first = problems.first().unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let found = (
        first.code,
        first.path.as_str(),
        first.line as usize,
        first.column as usize,
    );
    assert_eq!(found, (code, path, line, column), "{problems}");
}

#[test]
fn each_mistake_has_its_code_and_location() {
    let cases: &[(&str, &str, &str, &str)] = &[
        (
            "dlp-filter, audit",
            "dlp-filter, ^pii-detecter, audit",
            "E001",
            "policies.chain[3]",
        ),
        (
            "model: gpt-4o-mini",
            "^modle: gpt-4o-mini",
            "E002",
            "providers.targets[0].modle",
        ),
        ("enabled: true", "enabled: ^'true'", "E004", "pack.enabled"),
        ("enabled: true", "enabled: ^yes", "E004", "pack.enabled"),
        (
            "model: gpt-4o-mini",
            "^model:",
            "E004",
            "providers.targets[0].model",
        ),
        ("{name: demo, ", "^{", "E005", "pack.name"),
        (
            "- {id: spare, provider: echo,",
            "- ^{id: spare,",
            "E005",
            "providers.targets[1].provider",
        ),
        ("1.0.0", "^'1.0'", "E006", "pack.version"),
        (
            "strategy: ordered",
            "strategy: ^orderd",
            "E007",
            "providers.routing.strategy",
        ),
        (
            "- {id: spare,",
            "- {id: spare, provider: echo}\n    - {id: ^spare,",
            "E008",
            "providers.targets[2].id",
        ),
        (
            "dlp-filter, audit",
            "dlp-filter, ^dlp-filter, audit",
            "E008",
            "policies.chain[3]",
        ),
        (
            "order: [main, spare]",
            "order: [main, ^spar]",
            "E009",
            "providers.routing.order[1]",
        ),
        (
            "\"(?i)forget your",
            "^\"(forget",
            "E012",
            "policy.prompt-injection.detection.attack_patterns[0]",
        ),
        (
            "secret_key_ref: {env: DEMO_KEY}",
            "^secret_key_ref: sk-1",
            "E013",
            "providers.targets[0].secret_key_ref",
        ),
        (
            "{env: DEMO_KEY}",
            "^{env: A, store: B}",
            "E013",
            "providers.targets[0].secret_key_ref",
        ),
        (
            "https://llm",
            "^ftp://llm",
            "E014",
            "providers.targets[0].base_url",
        ),
        (
            "action: redact",
            "healthcare_mode: ^true",
            "E015",
            "policy.pii-detector.healthcare_mode",
        ),
        (
            "action: block}\n  audit",
            "fuzzy_matching: ^true}\n  audit",
            "E015",
            "policy.dlp-filter.fuzzy_matching",
        ),
        (
            "retention_days: 90",
            "immutable: ^false",
            "E015",
            "policy.audit-logger.immutable",
        ),
        (
            "retention_days: 90",
            "hipaa_audit_controls: ^true",
            "E015",
            "policy.audit-logger.hipaa_audit_controls",
        ),
        (
            "weight: 2",
            "data_policy: {zero_data_retention: true}, zdr: ^false",
            "E006",
            "providers.targets[1].zdr",
        ),
        (
            "weight: 2",
            "data_policy: {retention_days: ^36501}",
            "E006",
            "providers.targets[1].data_policy.retention_days",
        ),
        (
            "retention_days: 90",
            "retention_days: ^0",
            "E006",
            "policy.audit-logger.retention_days",
        ),
        (
            "connect: 5s",
            "connect: ^5",
            "E006",
            "providers.timeouts.connect",
        ),
        (
            "detection:",
            "^embedding_threshold: 0.75\n    detection:",
            "E015",
            "policy.prompt-injection.embedding_threshold",
        ),
        ("policies:", "^cors: {}\npolicies:", "E015", "cors"),
        (
            "model: gpt-4o-mini",
            "model: gpt-4o-mini\n      aliases: [fast, ^'a*b*']",
            "E006",
            "providers.targets[0].aliases[1]",
        ),
        (
            "model: gpt-4o-mini",
            "model: gpt-4o-mini\n      aliases: [fast, ^fast]",
            "E008",
            "providers.targets[0].aliases[1]",
        ),
        (
            "weight: 2}\n  routing: {",
            "model: m}\n  routing: {default_model: ^unknown, ",
            "E009",
            "providers.routing.default_model",
        ),
        (
            "strategy: ordered",
            "default_model: ^gpt-4o-mini",
            "E006",
            "providers.routing.default_model",
        ),
        (
            "policies:",
            "gateway: {refusal_status: ^200}\npolicies:",
            "E006",
            "gateway.refusal_status",
        ),
    ];
    for (from, to, code, path) in cases {
        assert_only(&base_with(from, to), code, path);
    }
}

#[test]
fn a_kind_in_the_chain_needs_a_block() {
    let marked = base_with("dlp-filter, audit", "dlp-filter, ^audit")
        .replace("  audit-logger: {retention_days: 90}\n", "");
    assert_only(&marked, "E003", "policies.chain[3]");
}

#[test]
fn a_provider_without_a_default_address_needs_one() {
    let marked = base_with("provider: echo", "provider: ^openia");
    assert_only(&marked, "E005", "providers.targets[1].base_url");
}

#[test]
fn all_problems_are_reported_in_order() {
    let text = BASE
        .replace("demo,", "demo, nmae: x,")
        .replace("strategy: ordered", "strategy: best")
        .replace("action: redact", "acton: redact")
        .replace("retention_days: 90", "retention_days: ninety");
    let problems = bad(&text);
    let lines: Vec<u32> = problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [1, 10, 18, 20], "{problems}");
    let suggestions: Vec<_> = problems.iter().map(|p| p.suggestion.as_deref()).collect();
    assert_eq!(suggestions, [Some("name"), None, Some("action"), None]);
}

#[test]
fn all_duplicate_keys_are_reported() {
    let problems = bad(&BASE.replace(
        "model: gpt-4o-mini",
        "model: a\n      model: b\n      id: c",
    ));
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.code, p.line, p.column))
        .collect();
    assert_eq!(found, [("E011", 7, 7), ("E011", 8, 7)], "{problems}");
}

#[test]
fn a_problem_is_rendered_with_line_and_caret() {
    let rendered = bad(&base_with("dlp-filter, audit", "pii-detecter, audit")).to_string();
    assert!(rendered.contains("13 |   chain: ["), "{rendered}");
    assert!(
        rendered
            .starts_with("error[E001]: unknown policy kind `pii-detecter`\n  --> test.yaml:13:"),
        "{rendered}"
    );
    let source = rendered.lines().nth(3).unwrap();
    let caret = rendered.lines().nth(4).unwrap();
    assert!(
        source[caret.find('^').unwrap()..].starts_with("pii-detecter"),
        "{rendered}"
    );
    assert!(
        rendered.contains("did you mean `pii-detector`?"),
        "{rendered}"
    );
    assert!(rendered.ends_with("1 problem found"), "{rendered}");
}

#[test]
fn json_has_the_documented_fields() {
    let json = serde_json::to_value(bad(&base_with("demo,", "demo, nmae: x,"))).unwrap();
    assert_eq!(json[0]["code"], "E002");
    assert_eq!(json[0]["path"], "pack.nmae");
    assert_eq!(json[0]["file"], "test.yaml");
    assert_eq!(json[0]["line"], 1);
    assert_eq!(json[0]["column"], 20);
    assert_eq!(json[0]["suggestion"], "name");
    assert!(json[0]["help"].as_str().unwrap().contains("version"));
    assert!(json[0].get("snippet").is_none());
}

#[test]
fn a_syntax_error_has_a_location() {
    for (text, line) in [
        ("pack: {name: a\nx: y\n", 2),
        ("a: b: c\n", 1),
        ("pack:\n\tname: x\n", 2),
        ("a: \"x\n", 1),
        ("a: *nope\n", 1),
    ] {
        let problems = bad(text);
        let first = problems.first().unwrap();
        assert_eq!(first.code, "E010", "{problems}");
        assert!(
            first.line.abs_diff(line) <= 1 && first.line > 0,
            "{text:?} {problems}"
        );
    }
}

#[test]
fn empty_and_unusual_documents_are_rejected() {
    for text in [
        "",
        "---\n",
        "[]",
        "7",
        "just text",
        "a: 1\n---\nb: 2\n",
        "? [a]\n: b\n",
        "\0",
        "\u{feff}",
    ] {
        assert!(read(text).is_err(), "{text:?}");
    }
    assert!(parse(&[]).is_err());
}

#[test]
fn the_budget_is_enforced() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let wide = format!("a: [{}]", "1,".repeat(60_000));
    let big = format!("# {}\n{BASE}", "x".repeat(1 << 20));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    let many = format!("a: &a x\nb: [{}]", "*a,".repeat(101));
    for text in [deep.as_str(), &wide, &big, bomb, &many] {
        let problems = bad(text);
        assert_eq!(problems.first().unwrap().code, "E016", "{problems}");
    }
}

#[test]
fn every_prefix_of_a_valid_file_parses_without_a_panic() {
    for end in 0..BASE.len() {
        if let Err(problems) = read(&BASE[..end]) {
            assert!(!problems.is_empty());
        }
    }
}

#[test]
fn a_pattern_too_big_for_a_gateway_still_parses() {
    good(&single(
        "dlp-filter",
        "{detect_patterns: ['(a{1000}){1000}']}",
    ));
}

#[test]
fn patterns_that_match_nothing_or_everything_are_rejected() {
    for pattern in ["a*", "", "(?=x)a", r"(a)\1", "[z-a]", "a{2,1}", r"[^\s\S]"] {
        let text = single("dlp-filter", &format!("{{detect_patterns: ['{pattern}']}}"));
        assert_eq!(bad(&text).first().unwrap().code, "E012", "{pattern}");
    }
}

#[test]
fn layers_merge_mappings_replace_lists_and_keep_locations() {
    let over = "pack: {version: 2.0.0}\npolicies: {chain: [audit-logger]}\n";
    let document = parse(&[
        Source::new("base.yaml", BASE),
        Source::new("over.yaml", over),
    ])
    .unwrap();
    assert_eq!(document.pack.version, "2.0.0");
    assert_eq!(document.pack.name, "demo");
    assert_eq!(document.chain.len(), 1);
    let place = document.location("pack.version").unwrap();
    assert_eq!(
        (document.source_name(place), place.line, place.column),
        ("over.yaml", 1, 17)
    );
    let place = document.location("pack.name").unwrap();
    assert_eq!((document.source_name(place), place.line), ("base.yaml", 1));

    let wrong = parse(&[
        Source::new("base.yaml", BASE),
        Source::new("over.yaml", "pack: {enabled: 3}"),
    ]);
    let problems = wrong.unwrap_err();
    assert_eq!(problems.first().unwrap().file, "over.yaml");
}

/// Files that other tools accept, or that an editor wrote differently.
#[test]
fn documents_that_are_no_configuration_are_named() {
    for (text, expected) in [
        ("a: 1\n---\nb: 2\n", "a second one begins"),
        (
            "- a\n- b\n",
            "the configuration must be a mapping with keys such as `pack`, not a list",
        ),
        (
            "hello\n",
            "the configuration must be a mapping with keys such as `pack`, not a string",
        ),
        ("pack:\n\tname: x\n", "a tab cannot indent; use spaces"),
    ] {
        let problems = bad(text).to_string();
        assert!(problems.contains(expected), "{text:?}: {problems}");
    }
}

/// The caret is below a whole character.
#[test]
fn a_location_may_be_at_any_character() {
    for key in ["\u{feff}pack", "ключ", "é", "日本", "\u{1f600}"] {
        for text in [
            format!("{key}: 1\n"),
            format!("pack: {{name: a}}\n{key}: 1\n"),
        ] {
            let problems = bad(&text);
            assert!(problems.to_string().contains("problem"), "{problems}");
        }
    }
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let text = format!("\u{feff}{BASE}");
    let document = parse(&[Source::new("bom.yaml", text)]);
    assert!(document.is_ok(), "{document:?}");
}
