//! What an answer must be. What the gateway accepts is decided by the gateway's own code; the
//! forms of words, which it replaces by others, must be those of the specification.

use crate::guard::resolve;
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::{JudgeResult, JudgeText, TextSpan, TextVerdict, VerdictKind};
use kt_policy::{GuardText, Judged};
use std::collections::{BTreeSet, HashMap};

/// Checks an answer about texts, and returns what it means for each of them.
///
/// # Errors
/// What was expected and found.
pub(super) fn check(
    step: &str,
    texts: &[JudgeText],
    answer: JudgeResult,
) -> Result<Vec<Judged>, TestFailure> {
    let failed = |(expected, found): (&str, String)| TestFailure::new(step, expected, found);
    let mut labels = BTreeSet::new();
    for verdict in &answer.verdicts {
        check_words(verdict, &mut labels).map_err(failed)?;
    }
    let judged = resolved(texts, answer).map_err(failed)?;
    for (_, label) in judged.iter().flat_map(|judged| &judged.spans) {
        if !labels.contains(label) {
            let expected = "few different labels, each of which the gateway keeps";
            let found = format!("{} labels; the gateway uses `{label}`", labels.len());
            return Err(failed((expected, found)));
        }
    }
    Ok(judged)
}

type Mismatch = (&'static str, String);

/// Checks the label of each span and the reason.
fn check_words(verdict: &TextVerdict, labels: &mut BTreeSet<String>) -> Result<(), Mismatch> {
    let text = format!("the verdict on text {}", verdict.index);
    if verdict.verdict != VerdictKind::Redact && !verdict.spans.is_empty() {
        let found = format!("{text} has {} spans", verdict.spans.len());
        return Err(("spans with the verdict `redact` only", found));
    }
    if verdict.verdict == VerdictKind::Block {
        check_reason(&verdict.reason)?;
    } else if !verdict.reason.is_empty() {
        let found = format!("{text} has the reason {:?}", short(&verdict.reason));
        return Err(("a reason with the verdict `block` only", found));
    }
    for span in &verdict.spans {
        if !labels.contains(&span.label) {
            check_label(&span.label)?;
            labels.insert(span.label.clone());
        }
    }
    Ok(())
}

/// Checks that the gateway takes a label as it is.
pub(super) fn check_label(label: &str) -> Result<(), Mismatch> {
    let span = TextSpan {
        start: 0,
        end: 1,
        label: label.to_owned(),
    };
    let kept = first(TextVerdict::redact(0, vec![span]));
    let kept = kept.and_then(|judged| judged.spans.into_iter().next());
    match kept {
        Some((_, kept)) if kept == label => Ok(()),
        _ => Err((
            "labels of at most 64 capitals, digits and `_`",
            format!("the label {:?}", short(label)),
        )),
    }
}

fn check_reason(reason: &str) -> Result<(), Mismatch> {
    match first(TextVerdict::block(0, reason)).and_then(|judged| judged.block) {
        Some(kept) if kept == reason => Ok(()),
        _ => Err((
            "a reason of at most 64 lower-case letters, digits, `-`, `_` and `.`",
            format!("the reason {:?}", short(reason)),
        )),
    }
}

/// Returns what the gateway makes of a verdict on a text of one character.
fn first(verdict: TextVerdict) -> Option<Judged> {
    let text = GuardText {
        role: String::new(),
        text: "a".to_owned(),
    };
    let answer = JudgeResult {
        verdicts: vec![verdict],
    };
    resolve(&[text], answer).ok()?.into_iter().next()
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Resolves an answer as the gateway does, which numbers texts from 0 without gaps.
fn resolved(texts: &[JudgeText], mut answer: JudgeResult) -> Result<Vec<Judged>, Mismatch> {
    let positions = texts.iter().enumerate();
    let positions: HashMap<usize, usize> = positions.map(|(at, text)| (text.index, at)).collect();
    for verdict in &mut answer.verdicts {
        let Some(position) = positions.get(&verdict.index) else {
            let found = format!("a verdict on text {}", verdict.index);
            return Err(("verdicts on the indexes of the request only", found));
        };
        verdict.index = *position;
    }
    let guard_texts: Vec<GuardText> = texts
        .iter()
        .map(|text| GuardText {
            role: text.role.clone(),
            text: text.text.clone(),
        })
        .collect();
    resolve(&guard_texts, answer).map_err(|error| {
        let expected = "an answer that the gateway accepts";
        (expected, error.message)
    })
}

/// Returns a text as a response has it after its redaction.
pub(super) fn redacted(text: &str, judged: &Judged) -> String {
    let mut new = String::new();
    let mut position = 0;
    for (range, label) in &judged.spans {
        new.push_str(&text[position..range.start]);
        new.push_str(&format!("[{label}]"));
        position = range.end;
    }
    new + &text[position..]
}

/// Describes what happens to a text.
pub(super) fn outcome(text: &str, judged: &Judged) -> String {
    match &judged.block {
        Some(reason) => format!("blocked as `{reason}`"),
        None if judged.spans.is_empty() => "allowed".to_owned(),
        None => format!("redacted to {:?}", redacted(text, judged)),
    }
}

#[cfg(test)]
mod tests {
    use super::{check, redacted};
    use kt_plugin_api::policy::{JudgeResult, JudgeText, MAX_SPANS};
    use serde_json::{Value, json};

    fn texts() -> Vec<JudgeText> {
        let text = |index, text: &str| JudgeText {
            index,
            text: text.to_owned(),
            ..JudgeText::default()
        };
        vec![text(7, "\u{1f600}b"), text(3, "cd")]
    }

    fn answer(verdicts: Value) -> JudgeResult {
        serde_json::from_value(json!({ "verdicts": verdicts })).unwrap()
    }

    #[test]
    fn verdicts_belong_to_their_texts() {
        let span = json!({ "start": 0, "end": 1, "label": "A_1" });
        let answer = answer(json!([
            { "index": 3, "verdict": "block", "reason": "a.b-c_d" },
            { "index": 7, "verdict": "redact", "spans": [span] },
        ]));
        let judged = check("s", &texts(), answer).unwrap();
        assert_eq!(redacted("\u{1f600}b", &judged[0]), "[A_1]b");
        assert_eq!(judged[1].block.as_deref(), Some("a.b-c_d"));
    }

    #[test]
    fn what_the_gateway_refuses_or_replaces_is_a_failure() {
        let redact = |label: &str, start: usize, end: usize| {
            let span = json!({ "start": start, "end": end, "label": label });
            json!([{ "index": 3, "verdict": "redact", "spans": [span] }])
        };
        let block = |reason: &str| json!([{ "index": 3, "verdict": "block", "reason": reason }]);
        for (verdicts, expected) in [
            (redact("word", 0, 1), "the label \"word\""),
            (redact("", 0, 1), "the label \"\""),
            (redact("a@b", 0, 1), "the label \"a@b\""),
            (redact("WORD", 1, 1), "is empty"),
            (redact("WORD", 1, 3), "ends behind the text"),
            (block(""), "the reason \"\""),
            (block("found a word"), "the reason"),
            (json!([{ "index": 0, "verdict": "allow" }]), "text 0"),
            (
                json!([{ "index": 3, "verdict": "allow" }, { "index": 3, "verdict": "allow" }]),
                "two verdicts",
            ),
            (json!([{ "index": 3, "verdict": "redact" }]), "has no spans"),
            (
                json!([{ "index": 3, "verdict": "allow", "reason": "why" }]),
                "the reason \"why\"",
            ),
            (
                json!([{ "index": 3, "verdict": "block", "reason": "a",
                    "spans": [{ "start": 0, "end": 1, "label": "A" }] }]),
                "has 1 spans",
            ),
        ] {
            let failure = check("s", &texts(), answer(verdicts.clone())).unwrap_err();
            assert!(failure.found.contains(expected), "{verdicts}: {failure}");
        }
    }

    #[test]
    fn spans_are_limited_as_the_sdk_says() {
        let text = JudgeText {
            text: "ab".to_owned(),
            ..JudgeText::default()
        };
        let result = |count: usize| {
            let span = json!({ "start": 0, "end": 1, "label": "A" });
            let spans = vec![span; count];
            let verdict = json!([{ "index": 0, "verdict": "redact", "spans": spans }]);
            check("s", std::slice::from_ref(&text), answer(verdict))
        };
        assert!(result(MAX_SPANS).is_ok());
        let failure = result(MAX_SPANS + 1).unwrap_err();
        assert!(failure.found.contains("more than 10000 spans"), "{failure}");
    }

    #[test]
    fn labels_are_few() {
        let text = JudgeText {
            text: "a".repeat(33),
            ..JudgeText::default()
        };
        let spans: Vec<Value> = (0..33)
            .map(|n| json!({ "start": n, "end": n + 1, "label": format!("L{n}") }))
            .collect();
        let verdict = json!([{ "index": 0, "verdict": "redact", "spans": spans }]);
        let failure = check("s", &[text], answer(verdict)).unwrap_err();
        assert!(failure.found.contains("33 labels"), "{failure}");
    }
}
