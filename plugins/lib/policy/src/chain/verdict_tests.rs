//! Tests of the verdicts.

use std::time::Duration;

use super::{
    GuardVerdict, Judged, MAX_LABELS, MAX_SPANS, Span, evaluate_judgments, resolve_verdicts,
};
use crate::chain::guard::{Direction, FailMode, Guard, GuardAction, GuardService};
use crate::chain::{Decision, GuardFailure};
use crate::model::PolicyKind;

fn span(start: usize, end: usize, label: &str) -> Span {
    Span {
        start,
        end,
        label: label.to_owned(),
    }
}

fn spans(text: &str, spans: Vec<Span>) -> Result<Vec<(std::ops::Range<usize>, String)>, String> {
    let judged = resolve_verdicts(&[text], vec![(0, GuardVerdict::Redact(spans))])?;
    Ok(judged.into_iter().flat_map(|judged| judged.spans).collect())
}

fn guard(action: GuardAction, fail_mode: FailMode) -> Guard {
    Guard {
        policy: PolicyKind::named("plugin:test"),
        reason: "plugin.blocked",
        service: GuardService::Plugin {
            name: "test".to_owned(),
            settings: serde_json::Map::new(),
        },
        timeout: Duration::from_secs(1),
        fail_mode,
        action,
        message: "no".to_owned(),
        requests: true,
        responses: true,
        parallel: false,
        window: 1000,
    }
}

#[test]
fn spans_are_characters() {
    // A character of two bytes, one beyond the basic plane, full-width letters.
    let text = "é😀ＡＢ!";
    let found = spans(text, vec![span(1, 2, "EMOJI"), span(2, 4, "wide letters")]).unwrap();
    let parts: Vec<&str> = found
        .iter()
        .map(|(range, _)| &text[range.clone()])
        .collect();
    assert_eq!(parts, ["😀", "ＡＢ"]);
    assert_eq!(found[1].1, "WIDE_LETTERS");
    assert_eq!(
        spans(text, vec![span(0, 5, "ALL")]).unwrap()[0].0,
        0..text.len()
    );
}

#[test]
fn spans_that_overlap_become_one() {
    let found = spans(
        "0123456789",
        vec![span(4, 6, "B"), span(2, 5, "A"), span(6, 8, "C")],
    );
    assert_eq!(
        found.unwrap(),
        [(2..6, "A".to_owned()), (6..8, "C".to_owned())]
    );
}

#[test]
fn answers_on_other_texts_are_refused() {
    for wrong in [
        span(0, 6, "A"),
        span(3, 3, "A"),
        span(4, 2, "A"),
        span(9, 10, "A"),
    ] {
        assert!(spans("abcde", vec![wrong.clone()]).is_err(), "{wrong:?}");
    }
    let huge = span(usize::MAX - 1, usize::MAX, "A");
    assert!(spans("abcde", vec![huge]).is_err());
    assert!(resolve_verdicts(&["a"], vec![(1, GuardVerdict::Allow)]).is_err());
    assert!(
        resolve_verdicts(
            &["a"],
            vec![(0, GuardVerdict::Allow), (0, GuardVerdict::Allow)]
        )
        .is_err()
    );
    let many = vec![span(0, 1, "A"); MAX_SPANS + 1];
    assert!(spans("abcde", many).is_err());
    assert!(resolve_verdicts(&["a", "b"], Vec::new()).is_ok());
}

#[test]
fn labels_and_reasons_are_words() {
    let label = |label: &str| spans("abcde", vec![span(0, 1, label)]).unwrap().remove(0).1;
    assert_eq!(label("US-SSN"), "US_SSN");
    for invented in ["", "]{\"", "é", &"A".repeat(65)] {
        assert_eq!(label(invented), "REDACTED", "{invented}");
    }
    let text = "x".repeat(100);
    let many = (0..100).map(|n| span(n, n + 1, &format!("L{n}")));
    let found = spans(&text, many.collect()).unwrap();
    let own = found.iter().filter(|(_, label)| label != "REDACTED");
    assert_eq!(own.count(), MAX_LABELS);
    for (reason, recorded) in [("banned-word", "banned-word"), ("he said: no", "blocked")] {
        let judged = resolve_verdicts(&["a"], vec![(0, GuardVerdict::Block(reason.to_owned()))]);
        assert_eq!(judged.unwrap()[0].block.as_deref(), Some(recorded));
    }
}

#[test]
fn the_action_decides_what_follows() {
    let judged = Ok(vec![Judged {
        spans: vec![(0..2, "NAME".to_owned())],
        block: None,
    }]);
    for (action, expected) in [
        (GuardAction::Redact, "redact"),
        (GuardAction::Block, "block"),
        (GuardAction::Log, "allow"),
    ] {
        let guard = guard(action, FailMode::Closed);
        let evaluation = evaluate_judgments(&["ab c"], Direction::Request, &[(&guard, &judged)]);
        assert_eq!(evaluation.decision.as_str(), expected);
        assert_eq!(evaluation.findings[0].kind, "name");
        let text = evaluation
            .rewrites
            .first()
            .map(|rewrite| rewrite.text.as_str());
        assert_eq!(text, (expected == "redact").then_some("[NAME] c"));
    }
}

#[test]
fn the_fail_mode_decides_without_a_verdict() {
    for (fail_mode, expected) in [(FailMode::Closed, "block"), (FailMode::Open, "allow")] {
        let guard = guard(GuardAction::Redact, fail_mode);
        let failed = Err(GuardFailure::Timeout);
        let evaluation = evaluate_judgments(&["a"], Direction::Response, &[(&guard, &failed)]);
        assert_eq!(evaluation.decision.as_str(), expected);
        assert_eq!(evaluation.findings[0].kind, "timeout");
        if let Decision::Block(block) = evaluation.decision {
            assert_eq!(block.code, "output_blocked");
        }
    }
}

#[test]
fn spans_of_several_guards_are_joined() {
    let guard = guard(GuardAction::Redact, FailMode::Closed);
    let found = |range, label: &str| {
        Ok(vec![Judged {
            spans: vec![(range, label.to_owned())],
            block: None,
        }])
    };
    let (first, second) = (found(2..5, "A"), found(4..7, "B"));
    let judgments = [(&guard, &first), (&guard, &second)];
    let evaluation = evaluate_judgments(&["0123456789"], Direction::Request, &judgments);
    assert_eq!(evaluation.rewrites[0].text, "01[A]789");
}
