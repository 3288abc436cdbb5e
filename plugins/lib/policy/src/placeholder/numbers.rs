//! [`Placeholders`]: the numbers of the values of one request.

use std::collections::HashMap;

use super::suffix::free_suffix;
use super::value::SensitiveValue;
use super::values::PlaceholderValues;

/// The placeholders of one request, numbered by label in the order in which they are issued. The
/// same value has the same number; values are compared byte for byte, so that a placeholder
/// stands for exactly one spelling.
#[derive(Default)]
pub(crate) struct Placeholders {
    suffix: String,
    labels: HashMap<String, HashMap<SensitiveValue, usize>>,
    restored: PlaceholderValues,
}

impl Placeholders {
    /// Avoids the form of what these texts already have.
    pub(crate) fn avoid<'t>(&mut self, labels: &[&str], texts: impl Iterator<Item = &'t str>) {
        let labels: Vec<&str> = labels.iter().map(|label| name_of(label)).collect();
        self.suffix = free_suffix(&labels, texts);
    }

    /// Returns the placeholder of a value; `label` is that of its kind, such as `[EMAIL]`.
    /// `restored` says that the response gets the value back.
    pub(crate) fn issue(&mut self, label: &str, value: &str, restored: bool) -> String {
        let name = name_of(label);
        if !self.labels.contains_key(name) {
            self.labels.insert(name.to_owned(), HashMap::new());
        }
        let mut number = 1;
        if let Some(numbers) = self.labels.get_mut(name) {
            number = numbers.get(value).copied().unwrap_or(numbers.len() + 1);
            if number > numbers.len() {
                numbers.insert(SensitiveValue::new(value), number);
            }
        }
        let name = format!("{name}_{number}{}", self.suffix);
        let placeholder = format!("[{name}]");
        if restored {
            self.restored.insert(name, SensitiveValue::new(value));
        }
        placeholder
    }

    /// Returns the values that the response gets back.
    pub(crate) fn into_values(self) -> PlaceholderValues {
        self.restored
    }
}

/// Returns a label without its brackets.
fn name_of(label: &str) -> &str {
    label.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::Placeholders;

    #[test]
    fn a_value_has_one_number() {
        let mut placeholders = Placeholders::default();
        let issued: Vec<String> = [
            ("[EMAIL]", "ann@b.org"),
            ("[PHONE]", "+1 415 555 2671"),
            ("[EMAIL]", "Ann@b.org"),
            ("[EMAIL]", "ann@b.org"),
        ]
        .map(|(label, value)| placeholders.issue(label, value, label == "[EMAIL]"))
        .into();
        assert_eq!(issued, ["[EMAIL_1]", "[PHONE_1]", "[EMAIL_2]", "[EMAIL_1]"]);
        placeholders.avoid(&["[EMAIL]"], ["email_1"].into_iter());
        let other = placeholders.issue("[EMAIL]", "ann@b.org", true);
        assert_eq!(other, "[EMAIL_1x]");
        let values = placeholders.into_values();
        assert_eq!(values.get("email_2", false), Some("Ann@b.org"));
        assert_eq!(values.get("email_2", true), None);
        assert_eq!(values.get("EMAIL_1x", true), Some("ann@b.org"));
        assert_eq!(values.get("PHONE_1", false), None, "not to be restored");
        let shown = format!("{values:?}");
        assert_eq!(shown, "PlaceholderValues { count: 3, .. }");
    }
}
