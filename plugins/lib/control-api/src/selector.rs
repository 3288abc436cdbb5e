//! Label selectors, with the syntax of Kubernetes.

use std::collections::BTreeMap;
use std::str::FromStr;

/// A selector: every requirement must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

/// A requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    /// `key`.
    Exists(String),
    /// `!key`.
    Missing(String),
    /// `key=value`, `key==value` and `key in (a, b)`.
    In(String, Vec<String>),
    /// `key!=value` and `key notin (a, b)`, which a missing label satisfies.
    NotIn(String, Vec<String>),
}

/// A text that is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a requirement on a label")]
pub struct InvalidSelector(String);

impl LabelSelector {
    /// Returns whether the labels satisfy every requirement.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = |key: &String| labels.get(key);
        self.0.iter().all(|requirement| match requirement {
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Missing(key) => value(key).is_none(),
            Requirement::In(key, values) => value(key).is_some_and(|v| values.contains(v)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|v| !values.contains(v)),
        })
    }

    /// Returns whether there is no requirement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the labels of which one value is required, by which the control plane can filter.
    #[must_use]
    pub fn required_labels(&self) -> BTreeMap<String, String> {
        let required = self.0.iter().filter_map(|requirement| match requirement {
            Requirement::In(key, values) => match values.as_slice() {
                [value] => Some((key.clone(), value.clone())),
                _ => None,
            },
            _ => None,
        });
        required.collect()
    }

    /// Adds the requirements of another selector.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl FromStr for LabelSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let requirements = split(text);
        if requirements.iter().all(|part| part.trim().is_empty()) {
            return Err(InvalidSelector(text.to_owned()));
        }
        let parsed = requirements.into_iter().map(|part| {
            requirement(part.trim()).ok_or_else(|| InvalidSelector(part.trim().to_owned()))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

/// Splits at the commas that are not between parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn requirement(text: &str) -> Option<Requirement> {
    if let Some((key, values)) = set(text, " notin ") {
        return Some(Requirement::NotIn(key?, values?));
    }
    if let Some((key, values)) = set(text, " in ") {
        return Some(Requirement::In(key?, values?));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Requirement::NotIn(
            label_key(key)?,
            vec![label_value(value)?],
        ));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some(Requirement::In(label_key(key)?, vec![label_value(value)?]));
    }
    match text.strip_prefix('!') {
        Some(key) => label_key(key).map(Requirement::Missing),
        None => label_key(text).map(Requirement::Exists),
    }
}

/// Parses `key OPERATOR (a, b)`; `None` if it has another operator.
fn set(text: &str, operator: &str) -> Option<(Option<String>, Option<Vec<String>>)> {
    // The parenthesis may follow the operator without a space.
    let spaced = text.replacen('(', " (", 1);
    let (key, values) = spaced.split_once(operator)?;
    let list = values
        .trim()
        .strip_prefix('(')
        .and_then(|v| v.strip_suffix(')'));
    let values = list.and_then(|list| list.split(',').map(label_value).collect());
    Some((label_key(key), values))
}

fn label_key(text: &str) -> Option<String> {
    let key = text.trim();
    let is_valid = |c: char| c.is_alphanumeric() || "._-/".contains(c);
    (!key.is_empty() && key.chars().all(is_valid)).then(|| key.to_owned())
}

fn label_value(text: &str) -> Option<String> {
    let value = text.trim();
    let is_operator = |c: char| "=!,()".contains(c);
    (!value.contains(is_operator)).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use std::collections::BTreeMap;

    fn matches(selector: &str) -> bool {
        let labels = [
            ("team", "x"),
            ("tier", "gold"),
            ("example.com/zone", "eu-1"),
        ];
        let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let selector: LabelSelector = selector.parse().unwrap();
        selector.matches(&BTreeMap::from(labels))
    }

    #[test]
    fn requirements_have_the_meaning_of_kubernetes() {
        for selector in [
            "team=x",
            "team==x",
            " team = x , tier=gold ",
            "team!=y",
            "missing!=y",
            "team in (x, y)",
            "team in(x)",
            "team notin (y,z)",
            "missing notin (x)",
            "team",
            "!missing",
            "team,!missing,tier in (gold,silver)",
            "example.com/zone=eu-1",
        ] {
            assert!(matches(selector), "{selector}");
        }
        for selector in [
            "team=y",
            "team!=x",
            "missing=x",
            "team in (y)",
            "team notin (x,y)",
            "missing",
            "!team",
            "team=x,tier=silver",
        ] {
            assert!(!matches(selector), "{selector}");
        }
    }

    #[test]
    fn labels_with_one_value_are_required() {
        let selector: LabelSelector = "team=x,zone in (eu),tier in (a,b),!old,new,env!=dev"
            .parse()
            .unwrap();
        let required = [("team", "x"), ("zone", "eu")];
        let required = required.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(selector.required_labels(), BTreeMap::from(required));
    }

    #[test]
    fn other_texts_are_errors() {
        for selector in [
            "",
            ",",
            "=x",
            "team in x",
            "team in (x",
            "a b",
            "team=x,",
            "a=(b)",
            "!",
        ] {
            assert!(selector.parse::<LabelSelector>().is_err(), "{selector}");
        }
    }
}
