//! A guard for gateways of kt: redacts the numbers that an organization writes behind a prefix of
//! its own. In `policy-config.yaml`:
//!
//! ```yaml
//! policies:
//!   chain: [plugin:prefix-guard]
//! policy:
//!   plugin:prefix-guard:
//!     settings: {prefix: CASE-, label: CASE_NUMBER}
//! ```

use kt_plugin_api::policy::{
    JudgeRequest, JudgeResult, MAX_SPANS, PolicyDescription, PolicyGuard, PolicyProvider, TextSpan,
    TextVerdict,
};
use kt_plugin_api::{Class, Context, Error, Host, Plugin, Provider};
use std::ops::Range;

/// The plugin, whose only provider is the guard.
struct PrefixGuard(PolicyProvider<Numbers>);

/// The guard.
struct Numbers;

impl Plugin for PrefixGuard {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self(PolicyProvider(Numbers)))
    }

    fn provider(&self, _: &str, _: &str) -> Option<&dyn Provider> {
        Some(&self.0)
    }
}

impl PolicyGuard for Numbers {
    fn describe(&self) -> PolicyDescription {
        PolicyDescription {
            about: "Finds numbers behind a prefix".to_owned(),
            labels: vec!["NUMBER".to_owned()],
        }
    }

    fn judge(&self, request: &JudgeRequest, _: &Context<'_>) -> Result<JudgeResult, Error> {
        let setting = |name: &str| request.settings.get(name).and_then(|value| value.as_str());
        // The operator sees the error in the log of the gateway.
        let prefix = setting("prefix").filter(|prefix| !prefix.is_empty());
        let prefix = prefix.ok_or_else(|| {
            Error::new(
                Class::Settings,
                "no-prefix",
                "the setting `prefix` is missing",
            )
        })?;
        let label = setting("label").unwrap_or("NUMBER");
        let is_label = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=64).contains(&label.len()) || !label.bytes().all(is_label) {
            let message = "the setting `label` has others than capitals, digits and `_`";
            return Err(Error::new(Class::Settings, "invalid-label", message));
        }
        let mut result = JudgeResult {
            verdicts: Vec::new(),
        };
        let mut left = MAX_SPANS;
        for text in &request.texts {
            let found = numbers(&text.text, prefix);
            let Some(rest) = left.checked_sub(found.len()) else {
                let block = TextVerdict::block(text.index, "too-many-numbers");
                result.verdicts.push(block);
                continue;
            };
            left = rest;
            let spans = TextSpan::of_ranges(&text.text, found, label).unwrap_or_default();
            if !spans.is_empty() {
                result.verdicts.push(TextVerdict::redact(text.index, spans));
            }
        }
        Ok(result)
    }
}

/// Returns the bytes of each prefix with digits behind it.
fn numbers(text: &str, prefix: &str) -> Vec<Range<usize>> {
    let found = text.match_indices(prefix).map(|(start, _)| {
        let digits = text[start + prefix.len()..].bytes();
        let length = digits.take_while(u8::is_ascii_digit).count();
        (start..start + prefix.len() + length, length)
    });
    found
        .filter(|(_, digits)| *digits > 0)
        .map(|(range, _)| range)
        .collect()
}

kt_plugin_api::export_plugin!(PrefixGuard, "../plugin.toml");

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn digits_must_follow_the_prefix() {
        assert_eq!(
            numbers("é CASE-12, CASE-x CASE-3", "CASE-"),
            [3..10, 19..25]
        );
        assert!(numbers("case 12", "CASE-").is_empty());
    }
}
