//! The cases of the author: the tables `[["kt.policy/1"]]` of `plugin-test.toml`.

use kt_plugin_api::plugin_test::TestRequest;
use kt_plugin_api::policy::{INTERFACE, TextDirection, VerdictKind};
use kt_plugin_api::{Class, Error};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A text, and what the guard must answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case shows.
    pub(super) name: String,
    /// The provider that it is for; every one of the plugin by default.
    #[serde(default)]
    provider: Option<String>,
    /// `settings` of the policy.
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
    /// The text.
    pub(super) text: String,
    #[serde(default = "user")]
    pub(super) role: String,
    #[serde(default)]
    pub(super) direction: TextDirection,
    /// The verdict, unless `error` is set.
    #[serde(default)]
    pub(super) verdict: Option<VerdictKind>,
    /// With `redact`: the text after that, with markers such as `[WORD]`.
    #[serde(default)]
    pub(super) redacted: Option<String>,
    /// With `block`: the reason.
    #[serde(default)]
    pub(super) reason: Option<String>,
    /// The id of the error, for settings that the guard refuses.
    #[serde(default)]
    pub(super) error: Option<String>,
}

fn user() -> String {
    "user".to_owned()
}

/// Returns the cases for the provider of a request.
///
/// # Errors
/// Class `usage`, with the number of the invalid case.
pub(super) fn parse(request: &TestRequest) -> Result<Vec<Case>, Error> {
    let mut cases = Vec::new();
    for (index, value) in request.cases.iter().enumerate() {
        let case: Case = serde_json::from_value(value.clone())
            .map_err(|error| invalid(index, value, &error.to_string()))?;
        if let Some(problem) = case.problem() {
            return Err(invalid(index, value, problem));
        }
        let all = case.provider.is_none();
        if all || case.provider.as_ref() == Some(&request.provider) {
            cases.push(case);
        }
    }
    Ok(cases)
}

impl Case {
    /// Returns why the keys do not go together.
    fn problem(&self) -> Option<&'static str> {
        let redacts = self.verdict == Some(VerdictKind::Redact);
        match (&self.verdict, &self.error) {
            (None, None) => Some("one of `verdict` and `error` is required"),
            (Some(_), Some(_)) => Some("only one of `verdict` and `error` is possible"),
            _ if redacts != self.redacted.is_some() => {
                Some("`redacted` is required with the verdict `redact`, and only possible with it")
            }
            _ if self.reason.is_some() && self.verdict != Some(VerdictKind::Block) => {
                Some("`reason` is only possible with the verdict `block`")
            }
            _ => None,
        }
    }
}

fn invalid(index: usize, value: &Value, problem: &str) -> Error {
    let name = value.get("name").and_then(Value::as_str);
    let name = name.map_or_else(String::new, |name| format!(", `{name}`,"));
    let message = format!("case {}{name} of `{INTERFACE}` cannot be used", index + 1);
    Error::new(Class::Usage, "invalid-test-cases", message)
        .cause(problem)
        .hint("docs/plugins/authors.md describes the keys in `plugin-test.toml`")
}

#[cfg(test)]
mod tests {
    use super::parse;
    use kt_plugin_api::plugin_test::TestRequest;
    use serde_json::{Value, json};

    fn request(cases: Value) -> TestRequest {
        TestRequest {
            provider: "one".to_owned(),
            cases: cases.as_array().cloned().unwrap_or_default(),
            ..TestRequest::default()
        }
    }

    #[test]
    fn cases_of_other_providers_are_left_out() {
        let cases = parse(&request(json!([
            { "name": "a", "text": "b", "verdict": "allow" },
            { "name": "c", "text": "d", "error": "e", "provider": "one" },
            { "name": "f", "text": "g", "verdict": "block", "provider": "two" },
        ])))
        .unwrap();
        let names: Vec<&str> = cases.iter().map(|case| &*case.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(cases[0].role, "user");
    }

    #[test]
    fn invalid_cases_are_refused_with_their_number() {
        for (keys, expected) in [
            (json!({}), "one of `verdict` and `error` is required"),
            (json!({ "verdict": "allow", "error": "a" }), "only one of"),
            (json!({ "verdict": "redact" }), "`redacted` is required"),
            (json!({ "verdict": "allow", "redacted": "" }), "`redacted`"),
            (json!({ "verdict": "allow", "reason": "" }), "`reason`"),
            (json!({ "verdict": "perhaps" }), "unknown variant `perhaps`"),
            (json!({ "verdit": "allow" }), "unknown field `verdit`"),
        ] {
            let mut case = json!({ "name": "n", "text": "t" });
            for (key, value) in keys.as_object().into_iter().flatten() {
                case[key] = value.clone();
            }
            let error = parse(&request(json!([case]))).unwrap_err();
            let text = format!("{error}: {:?}", error.causes);
            assert!(text.contains("case 1, `n`,"), "{text}");
            assert!(text.contains(expected), "{text}");
        }
    }
}
