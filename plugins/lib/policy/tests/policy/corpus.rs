//! Recall and false alarms over the corpora, one JSON value per line.

use kt_policy::{Chain, Decision, PromptText};
use serde_json::Value;

use crate::sample::single;
use crate::stream::{chain, every_split, run};

/// Least share of the positive cases that must be found.
const RECALL: f64 = 0.9;
/// Greatest share of the harmless cases that may be touched.
const FALSE_ALARMS: f64 = 0.01;

const DLP: &str = "{blocked_terms: [falcon ledger, project nightjar, blue harbour, kestrel-9, operation sunflower, Zürich vault, ACME Confidential, merger with Tessera, 社外秘], detect_patterns: ['\\bKTX-[0-9]{6}\\b', '\\bkt_live_[a-z0-9]{16,}', '\\bAKIA[A-Z2-7]{16}\\b', '-----BEGIN PRIVATE KEY-----', '(?i)\\bpassword: \\S+', '\\bhost[0-9]+\\.corp\\.internal\\b']}";

fn cases(text: &str, least: usize) -> Vec<Value> {
    let cases: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(cases.len() >= least, "only {} cases", cases.len());
    cases
}

/// The text of a case, which is a string or `{text: …}`.
fn text(case: &Value) -> &str {
    case.as_str().or_else(|| case["text"].as_str()).unwrap()
}

fn verdict(chain: &Chain, text: &str) -> kt_policy::Evaluation {
    chain.inspect_prompt(&[PromptText { role: "user", text }])
}

/// Holds recall and false alarms of a chain; returns the positive cases.
fn measure(chain: &Chain, positive: &str, harmless: &str) -> Vec<Value> {
    let positive = cases(positive, 200);
    let missed: Vec<&str> = positive
        .iter()
        .map(text)
        .filter(|text| verdict(chain, text).decision == Decision::Allow)
        .collect();
    let harmless = cases(harmless, 400);
    let alarms: Vec<&str> = harmless
        .iter()
        .map(text)
        .filter(|text| verdict(chain, text).decision != Decision::Allow)
        .collect();
    let share = |part: usize, all: usize| part as f64 / all as f64;
    let report = format!(
        "missed {}: {missed:#?}\nalarms {}: {alarms:#?}",
        missed.len(),
        alarms.len()
    );
    assert!(
        1.0 - share(missed.len(), positive.len()) >= RECALL,
        "{report}"
    );
    assert!(
        share(alarms.len(), harmless.len()) <= FALSE_ALARMS,
        "{report}"
    );
    positive
}

/// Responses: every split of every positive case, and the same spans as in a
/// request.
fn streams(chain: &Chain, positive: &[Value]) {
    for case in positive {
        let text = text(case);
        let (released, _) = every_split(chain, text);
        let verdict = verdict(chain, text);
        let rewritten = verdict
            .rewrites
            .first()
            .map_or(text, |rewrite| rewrite.text.as_str());
        assert_eq!(released, rewritten, "{text:?}");
    }
}

/// Asserts that the findings of most positive cases are exactly those expected.
fn exact(chain: &Chain, positive: &[Value]) {
    let wrong: Vec<&Value> = positive
        .iter()
        .filter(|case| {
            let findings = verdict(chain, text(case)).findings;
            let mut found: Vec<&str> = findings.iter().map(|finding| finding.kind).collect();
            found.sort_unstable();
            Value::from(found) != case["kinds"]
        })
        .collect();
    let share = wrong.len() as f64 / positive.len() as f64;
    assert!(1.0 - share >= RECALL, "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn prompt_injection() {
    let chain = chain(&single("prompt-injection", "{}"));
    let positive = measure(
        &chain,
        include_str!("../../src/kinds/prompt_injection/corpus/positive.jsonl"),
        include_str!("../../src/kinds/prompt_injection/corpus/harmless.jsonl"),
    );
    for case in &positive {
        // It guards requests; a response passes as it is.
        assert_eq!(
            run(&chain, [text(case)].into_iter()),
            (text(case).to_owned(), None)
        );
    }
}

#[test]
fn pii_detector() {
    let chain = chain(&single("pii-detector", "{}"));
    let positive = measure(
        &chain,
        include_str!("../../src/kinds/pii_detector/corpus/positive.jsonl"),
        include_str!("../../src/kinds/pii_detector/corpus/harmless.jsonl"),
    );
    exact(&chain, &positive);
    streams(&chain, &positive);
}

#[test]
fn dlp_filter() {
    let chain = chain(&single("dlp-filter", DLP));
    let positive = measure(
        &chain,
        include_str!("../../src/kinds/dlp_filter/corpus/positive.jsonl"),
        include_str!("../../src/kinds/dlp_filter/corpus/harmless.jsonl"),
    );
    exact(&chain, &positive);
    streams(&chain, &positive);
}

#[test]
fn audit_logger() {
    let text = format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
         policies: {{chain: [prompt-injection, pii-detector, dlp-filter, audit-logger]}}\n\
         policy:\n  prompt-injection: {{}}\n  pii-detector: {{}}\n  dlp-filter: {}\n  audit-logger: {{retention_days: 30}}\n",
        DLP.replacen('{', "{action: block, ", 1)
    );
    let full = chain(&text);
    let positive = cases(
        include_str!("../../src/kinds/audit_logger/corpus/positive.jsonl"),
        200,
    );
    let wrong: Vec<&Value> = positive
        .iter()
        .filter(|case| !record_is_right(&full, case))
        .collect();
    assert!(
        wrong.len() * 10 <= positive.len(),
        "{} wrong: {wrong:#?}",
        wrong.len()
    );

    let alone = chain(&single("audit-logger", "{}"));
    for case in cases(
        include_str!("../../src/kinds/audit_logger/corpus/harmless.jsonl"),
        400,
    ) {
        let text = self::text(&case);
        let verdict = verdict(&alone, text);
        assert_eq!(verdict.decision, Decision::Allow);
        assert!(verdict.rewrites.is_empty() && verdict.findings.is_empty());
        assert_eq!(run(&alone, [text].into_iter()), (text.to_owned(), None));
        assert_eq!(alone.audit_record(&verdict).unwrap().verdict, "allow");
    }
}

/// Whether a request gives the record a case expects.
fn record_is_right(chain: &Chain, case: &Value) -> bool {
    let texts: Vec<PromptText<'_>> = case["texts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| PromptText {
            role: part["role"].as_str().unwrap(),
            text: part["text"].as_str().unwrap(),
        })
        .collect();
    let record = chain.audit_record(&chain.inspect_prompt(&texts)).unwrap();
    assert_eq!((record.retention_days, record.chain.len()), (30, 4));
    let json = serde_json::to_string(&record).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let reason = match case["policy"].as_str() {
        Some("prompt-injection") => Value::from("prompt_injection.detected"),
        Some(_) => Value::from("dlp.detected"),
        None => Value::Null,
    };
    json["verdict"] == case["verdict"]
        && json["policy"] == case["policy"]
        && json["reason_code"] == reason
        && case["kinds"]
            .as_array()
            .is_none_or(|kinds| record.findings.len() == kinds.len())
}

#[test]
fn audit_of_untouched_requests_can_be_switched_off() {
    let quiet = chain(&single("audit-logger", "{log_all_access: false}"));
    let verdict = verdict(&quiet, "hello");
    assert_eq!(quiet.audit_record(&verdict), None);
    let without = chain(&single("pii-detector", "{}"));
    assert_eq!(without.audit_record(&verdict), None);
}
