//! The comparisons of filters.

use serde_json::Value;
use std::cmp::Ordering;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Longer ones first: the first that matches is the operator.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Operator {
    /// Returns the first operator outside of quotes and brackets, with the texts around it.
    pub(super) fn find(text: &str) -> Option<(&str, Self, &str)> {
        let at = find_outside(text, |rest| {
            OPERATORS.iter().any(|(token, _)| rest.starts_with(token))
        })?;
        let (left, rest) = text.split_at_checked(at)?;
        let (token, operator) = OPERATORS.iter().find(|(t, _)| rest.starts_with(t))?;
        Some((left.trim(), *operator, rest.get(token.len()..)?.trim()))
    }

    /// Compares two values. Only numbers and texts have an order, each among themselves; as with
    /// kubectl, nothing matches a value that does not exist.
    pub(super) fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let (Some(left), Some(right)) = (left, right) else {
            return false;
        };
        let order = match (left, right) {
            (Value::Number(left), Value::Number(right)) => {
                left.as_f64().partial_cmp(&right.as_f64())
            }
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (left, right) => (left == right).then_some(Ordering::Equal),
        };
        let both = |of: fn(&Value) -> bool| of(left) && of(right);
        let is_ordered = both(Value::is_number) || both(Value::is_string);
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => is_ordered && order == Some(Ordering::Less),
            Self::LessOrEqual => is_ordered && order.is_some_and(Ordering::is_le),
            Self::Greater => is_ordered && order == Some(Ordering::Greater),
            Self::GreaterOrEqual => is_ordered && order.is_some_and(Ordering::is_ge),
        }
    }
}

/// Returns the first place outside of quotes and brackets that `matches`.
pub(super) fn find_outside(text: &str, matches: impl Fn(&str) -> bool) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_usize);
    for (at, character) in text.char_indices() {
        if quote.is_some() {
            quote = quote.filter(|quote| *quote != character);
            continue;
        }
        if depth == 0 && text.get(at..).is_some_and(&matches) {
            return Some(at);
        }
        match character {
            '\'' | '"' => quote = Some(character),
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Parses a text in quotes, which has no escapes, a number, `true`, `false` or `null`.
pub(super) fn literal(text: &str) -> Option<Value> {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            return (!inner.contains(quote)).then(|| inner.into());
        }
    }
    let value: Value = serde_json::from_str(text).ok()?;
    (!value.is_array() && !value.is_object()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{Operator, literal};
    use serde_json::json;

    #[test]
    fn values_of_different_types_differ_and_have_no_order() {
        let holds = |operator: &str, left, right| {
            let (_, operator, _) = Operator::find(operator).unwrap();
            operator.holds(Some(&left), Some(&right))
        };
        assert!(holds("==", json!(1), json!(1.0)));
        assert!(holds("!=", json!(1), json!("1")));
        assert!(!holds("<", json!(1), json!("2")));
        assert!(!holds("<=", json!(null), json!(null)));
        assert!(holds("==", json!(null), json!(null)));
        assert!(holds("<", json!(9), json!(10)));
        assert!(holds(">=", json!("b"), json!("a")));
    }

    #[test]
    fn literals_are_scalars() {
        assert_eq!(literal("'a b'"), Some(json!("a b")));
        assert_eq!(literal("-1.5"), Some(json!(-1.5)));
        for wrong in ["'a", "a", "[1]", "'a' 'b'", ""] {
            assert_eq!(literal(wrong), None, "{wrong}");
        }
    }
}
