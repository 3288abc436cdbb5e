//! The check of `describe`.

use super::Outcome;
use crate::guard_test::answer::check_label;
use crate::guard_test::client::{Checked, GuardClient, SHORT, described};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::PolicyDescription;
use serde_json::json;

pub(in crate::guard_test) fn describe(client: &GuardClient<'_>) -> Checked<Outcome> {
    let step = "call `describe`";
    let call = || {
        let described_as = client.call::<PolicyDescription>("describe", &json!({}), SHORT);
        described_as.map_err(|error| {
            let expected = "a description: without one, the gateway rejects the configuration";
            TestFailure::new(step, expected, described(&error))
        })
    };
    let description = call()?;
    let about = &description.about;
    if about.trim().is_empty() || about.chars().any(char::is_control) {
        let expected = "`about` is a sentence in one line";
        return Err(TestFailure::new(step, expected, format!("{about:?}")));
    }
    for label in &description.labels {
        check_label(label).map_err(|(expected, found)| TestFailure::new(step, expected, found))?;
    }
    let again = call()?;
    if again != description {
        let expected = "the same description at each call";
        let found = format!("{description:?}, then {again:?}");
        return Err(TestFailure::new(step, expected, found));
    }
    Ok(Outcome::Passed)
}
