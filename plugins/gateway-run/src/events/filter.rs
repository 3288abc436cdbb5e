//! The options that select events.

use jiff::Timestamp;
use kt_plugin_api::{Class, Error};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// The options that select events.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) verdict: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) model: Option<String>,
    /// Events before this time are not selected.
    pub(super) since: Option<Timestamp>,
    /// Events from this time on are not selected.
    pub(super) until: Option<Timestamp>,
}

impl Filter {
    /// Returns the time before which nothing needs to be read.
    pub(super) fn oldest(&self) -> Option<SystemTime> {
        self.since.map(SystemTime::from)
    }

    /// Whether an event is selected; see [`super::event::complete`].
    pub(super) fn selects(&self, event: &Value) -> bool {
        let is = |key: &str, expected: &str| event[key].as_str() == Some(expected);
        let at = || event["at"].as_str()?.parse::<Timestamp>().ok();
        let verdict = self.verdict.as_deref();
        let policy = self.policy.as_deref();
        let model = self.model.as_deref();
        verdict.is_none_or(|verdict| is("verdict", verdict))
            && policy.is_none_or(|policy| {
                let mut policies = event["policies"].as_array().into_iter().flatten();
                policies.any(|other| other.as_str() == Some(policy))
            })
            && model.is_none_or(|model| is("requested_model", model) || is("served_model", model))
            && self
                .since
                .is_none_or(|since| at().is_some_and(|at| at >= since))
            && self
                .until
                .is_none_or(|until| at().is_some_and(|at| at < until))
    }
}

/// Returns the time that is so long ago.
///
/// # Errors
/// Class `usage` if no time is.
pub(super) fn time_before(option: &str, age: Duration) -> Result<Timestamp, Error> {
    let time = Timestamp::now().checked_sub(age);
    time.map_err(|error| {
        let message = format!("`--{option}` is out of range");
        Error::new(Class::Usage, "invalid-duration", message).cause(error)
    })
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use crate::events::event::complete;
    use serde_json::json;

    #[test]
    fn every_option_must_match() {
        let event = complete(json!({
            "at": "2026-11-30T12:00:00Z", "verdict": "redact", "requested_model": "fast",
            "served_model": "gpt-4o", "policy": null,
            "findings": [{"policy": "pii-detector", "kind": "email", "count": 1}],
        }));
        let text = |value: &str| Some(value.to_owned());
        let all = Filter {
            verdict: text("redact"),
            policy: text("pii-detector"),
            model: text("gpt-4o"),
            since: Some("2026-11-30T12:00:00Z".parse().unwrap()),
            until: Some("2026-11-30T12:00:01Z".parse().unwrap()),
        };
        assert!(all.selects(&event) && Filter::default().selects(&event));
        let model = text("fast");
        assert!(
            Filter {
                model,
                ..Filter::default()
            }
            .selects(&event)
        );
        for other in [
            Filter {
                verdict: text("block"),
                ..Filter::default()
            },
            Filter {
                policy: text("dlp-filter"),
                ..Filter::default()
            },
            Filter {
                model: text("gpt"),
                ..Filter::default()
            },
            Filter {
                since: all.until,
                ..Filter::default()
            },
            Filter {
                until: all.since,
                ..Filter::default()
            },
        ] {
            assert!(!other.selects(&event), "{other:?}");
        }
    }
}
