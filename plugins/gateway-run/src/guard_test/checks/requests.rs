//! Checks with other keys and values of a request.

use super::Outcome;
use crate::guard_test::client::{Checked, SHORT};
use crate::guard_test::samples::HARMLESS;
use crate::guard_test::subject::{Subject, request, text};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::{JudgeText, TextDirection};
use serde_json::{Value, json};

/// A key and a role that no version defines.
const UNKNOWN: &str = "kt-plugin-test";

pub(in crate::guard_test) fn roles(subject: &Subject<'_>) -> Checked<Outcome> {
    for direction in [TextDirection::Request, TextDirection::Response] {
        for role in ["user", "system", "developer", "tool", "assistant", UNKNOWN] {
            let texts: Vec<JudgeText> = subject
                .texts(|at| at)
                .into_iter()
                .map(|text| JudgeText {
                    direction,
                    role: role.to_owned(),
                    ..text
                })
                .collect();
            let step = format!("judge texts of a {direction:?} with the role `{role}`");
            subject.judge(&step.to_lowercase(), &texts, SHORT)?;
        }
    }
    let texts = [text(0, HARMLESS)];
    let mut request = subject.request(&texts);
    request["consumer"] = json!("team-a");
    subject.judge_request("judge a text of a known consumer", &request, &texts, SHORT)?;
    Ok(Outcome::Passed)
}

pub(in crate::guard_test) fn unknown_keys(subject: &Subject<'_>) -> Checked<Outcome> {
    let texts = subject.texts(|at| at);
    let without = subject.judge("judge all texts", &texts, SHORT)?;
    let mut request = subject.request(&texts);
    request[UNKNOWN] = json!([{ "a": null }]);
    for text in request["texts"].as_array_mut().into_iter().flatten() {
        text[UNKNOWN] = json!({ "a": 1 });
    }
    let step = "judge them in a request with unknown keys";
    let with = subject.judge_request(step, &request, &texts, SHORT)?;
    if with != without {
        let expected = "the same verdicts as without the keys";
        return Err(TestFailure::new(step, expected, "others"));
    }
    Ok(Outcome::Passed)
}

/// An operator may write anything.
pub(in crate::guard_test) fn settings(subject: &Subject<'_>) -> Checked<Outcome> {
    let texts = subject.texts(|at| at);
    let changed = |key: &str, value: &Value| {
        let mut settings = subject.settings.clone();
        settings.insert(key.to_owned(), value.clone());
        let step = format!("judge with the setting `{key}` = {value}");
        subject.judge_or_refuse(&step, &request(&settings, &texts), &texts, SHORT)
    };
    changed(UNKNOWN, &json!({ "a": [1] }))?;
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!(""),
        json!("(a"),
        json!([]),
        json!([null, 1, "", "\u{1f600}", ["a"]]),
        json!({ "a": "b" }),
    ];
    for key in subject.settings.keys() {
        for value in &values {
            changed(key, value)?;
        }
    }
    let empty = request(&serde_json::Map::new(), &texts);
    subject.judge_or_refuse("judge without settings", &empty, &texts, SHORT)?;
    Ok(Outcome::Passed)
}
