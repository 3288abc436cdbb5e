//! The checks in order.

use super::cases::Case;
use super::checks::{Outcome, author, calls, describe, requests, texts};
use super::client::{Checked, GuardClient, SHORT, described};
use super::samples::HARMLESS;
use super::subject::{Subject, text};
use kt_plugin_api::Error;
use kt_plugin_api::plugin_test::{TestCase, TestFailure};

type CheckFn = fn(&Subject<'_>) -> Checked<Outcome>;

/// ID, description and function of the checks of `judge`.
const CHECKS: [(&str, &str, CheckFn); 14] = [
    ("no-texts", "no texts get no verdicts", texts::none),
    (
        "texts",
        "empty, multi-byte and control characters are judged",
        texts::each,
    ),
    (
        "indexes",
        "indexes may begin anywhere, and have gaps",
        texts::indexes,
    ),
    (
        "characters",
        "spans count characters, not bytes",
        texts::characters,
    ),
    ("long", "texts of 1 MiB are judged", texts::long),
    ("many", "1,000 texts are judged", texts::many),
    (
        "dense",
        "a text full of findings gets an answer that is valid",
        texts::dense,
    ),
    (
        "same",
        "a text gets the same verdict alone, among others, and in another order",
        texts::same,
    ),
    (
        "roles",
        "both directions and every role are judged",
        requests::roles,
    ),
    (
        "unknown-keys",
        "keys of later versions are ignored",
        requests::unknown_keys,
    ),
    (
        "settings",
        "unknown and invalid settings are ignored, or refused with an error",
        requests::settings,
    ),
    (
        "concurrent",
        "calls at the same time get the verdicts on their own texts",
        calls::concurrent,
    ),
    (
        "deadline",
        "a call that is cancelled at its deadline returns, and the next one is answered",
        calls::deadline,
    ),
    (
        "method",
        "an unknown method is refused as `unsupported-method`",
        calls::unknown_method,
    ),
];

/// Runs all checks.
///
/// # Errors
/// Class `interrupted` or `terminated`, if the tests are ended.
pub(super) fn run(client: &GuardClient<'_>, cases: &[Case]) -> Result<Vec<TestCase>, Error> {
    let about = "the description is a sentence, and labels have their form";
    let mut done = vec![outcome("describe", about, describe::describe(client))];
    let subject = Subject::new(client, cases);
    let about = "the settings of the tests are accepted";
    match accepts_settings(&subject, cases) {
        Ok(Outcome::Passed) => {}
        refused => {
            done.push(outcome("accepted", about, refused));
            return Ok(done);
        }
    }
    for (id, about, check) in CHECKS {
        client.check_cancelled()?;
        client.progress(about);
        done.push(outcome(id, about, check(&subject)));
    }
    for case in cases {
        client.check_cancelled()?;
        let id = format!("case {}", case.name);
        let about = "the case of the author ends as it states";
        done.push(outcome(&id, about, author::case(client, case)));
    }
    if cases.is_empty() {
        let about = "the cases of the author end as they state";
        let reason = "`plugin-test.toml` has no `[[\"kt.policy/1\"]]`, so that nothing may have \
            been found";
        done.push(TestCase::skipped("cases", about, reason));
    }
    Ok(done)
}

/// Checks that the guard judges with the settings of the tests; without any, it may require
/// some.
fn accepts_settings(subject: &Subject<'_>, cases: &[Case]) -> Checked<Outcome> {
    let texts = [text(0, HARMLESS)];
    let step = format!("judge {HARMLESS:?} with the settings of the tests");
    let request = subject.request(&texts);
    match subject.client.judge(&step, &request, SHORT)? {
        Ok(_) => Ok(Outcome::Passed),
        Err(error) if cases.iter().all(|case| case.verdict.is_none()) => {
            Ok(Outcome::Skipped(format!(
                "without settings it returns {}; add a case with settings to `plugin-test.toml`",
                described(&error)
            )))
        }
        Err(error) => Err(TestFailure::new(step, "verdicts", described(&error))),
    }
}

fn outcome(id: &str, about: &str, checked: Checked<Outcome>) -> TestCase {
    match checked {
        Ok(Outcome::Passed) => TestCase::passed(id, about),
        Ok(Outcome::Skipped(reason)) => TestCase::skipped(id, about, reason),
        Err(failure) => TestCase::failed(id, about, failure),
    }
}
