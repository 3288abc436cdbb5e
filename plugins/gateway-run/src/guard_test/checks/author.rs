//! The cases of the author.

use super::Outcome;
use crate::guard_test::answer;
use crate::guard_test::cases::Case;
use crate::guard_test::client::{Checked, GuardClient, SHORT, described};
use crate::guard_test::subject::{request, text};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::{JudgeText, VerdictKind};
use kt_policy::Judged;

pub(in crate::guard_test) fn case(client: &GuardClient<'_>, case: &Case) -> Checked<Outcome> {
    let step = "judge its text";
    let text = JudgeText {
        role: case.role.clone(),
        direction: case.direction,
        ..text(0, &case.text)
    };
    let texts = [text];
    let found = match client.judge(step, &request(&case.settings, &texts), SHORT)? {
        Err(error) if case.error.as_ref() == Some(&error.id) => return Ok(Outcome::Passed),
        Err(error) => described(&error),
        Ok(answer) => {
            let judged = answer::check(step, &texts, answer)?;
            let judged = judged.into_iter().next().unwrap_or_default();
            if case.error.is_none() && matches(case, &judged) {
                return Ok(Outcome::Passed);
            }
            answer::outcome(&case.text, &judged)
        }
    };
    Err(TestFailure::new(step, expected(case), found))
}

fn matches(case: &Case, judged: &Judged) -> bool {
    let redacted = || answer::redacted(&case.text, judged);
    match (case.verdict, &judged.block) {
        (Some(VerdictKind::Block), Some(reason)) => case
            .reason
            .as_ref()
            .is_none_or(|expected| expected == reason),
        (Some(VerdictKind::Redact), None) => {
            !judged.spans.is_empty() && case.redacted == Some(redacted())
        }
        (Some(VerdictKind::Allow), None) => judged.spans.is_empty(),
        _ => false,
    }
}

fn expected(case: &Case) -> String {
    let quoted = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    match (&case.error, case.verdict) {
        (Some(id), _) => format!("the error `{id}`"),
        (None, Some(VerdictKind::Redact)) => format!("redacted to {:?}", quoted(&case.redacted)),
        (None, Some(VerdictKind::Block)) if case.reason.is_some() => {
            format!("blocked as `{}`", quoted(&case.reason))
        }
        (None, Some(VerdictKind::Block)) => "blocked".to_owned(),
        (None, _) => "allowed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{expected, matches};
    use crate::guard_test::answer::outcome;
    use crate::guard_test::cases::Case;
    use kt_policy::Judged;
    use serde_json::{Value, json};

    fn case(keys: Value) -> Case {
        let mut case = json!({ "name": "n", "text": "a b" });
        for (key, value) in keys.as_object().into_iter().flatten() {
            case[key] = value.clone();
        }
        serde_json::from_value(case).unwrap()
    }

    #[test]
    fn a_verdict_is_compared_with_what_the_case_states() {
        let allow = Judged::default();
        let redact = Judged {
            spans: vec![(2..3, "WORD".to_owned())],
            block: None,
        };
        let block = Judged {
            spans: Vec::new(),
            block: Some("word".to_owned()),
        };
        let redacted = |text: &str| json!({ "verdict": "redact", "redacted": text });
        for (keys, judged, same) in [
            (json!({ "verdict": "allow" }), &allow, true),
            (json!({ "verdict": "allow" }), &redact, false),
            (json!({ "verdict": "allow" }), &block, false),
            (redacted("a [WORD]"), &redact, true),
            (redacted("a [NAME]"), &redact, false),
            (redacted("a b"), &allow, false),
            (json!({ "verdict": "block" }), &block, true),
            (
                json!({ "verdict": "block", "reason": "word" }),
                &block,
                true,
            ),
            (json!({ "verdict": "block", "reason": "b" }), &block, false),
            (json!({ "verdict": "block" }), &allow, false),
        ] {
            let case = case(keys);
            assert_eq!(matches(&case, judged), same, "{case:?}");
            assert_eq!(
                expected(&case) == outcome("a b", judged),
                same && !(case.reason.is_none() && judged.block.is_some()),
                "{case:?}"
            );
        }
    }
}
