//! The forms that several kinds use.

use std::marker::PhantomData;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::declaration::{Declaration, Weaker};
use super::declare::Settings;
use super::form::Form;
use super::setting::Setting;
use crate::decode::{Diagnostics, Field, LengthRange, Mapping, Millis, Node, NodeKind, StringEnum};
use crate::problem::code;

/// Returns a switch.
pub(crate) fn boolean() -> Setting<Boolean> {
    Setting::new(Boolean)
}

/// Returns a switch of which only one value is enforced, which is the default.
pub(crate) fn only(value: bool) -> Setting<Only> {
    Setting::new(Only(value)).default(value)
}

/// Returns a number within bounds.
pub(crate) fn integer(bounds: RangeInclusive<u64>) -> Setting<Integer> {
    Setting::new(Integer(bounds))
}

/// Returns a text of a length within limits, in characters.
pub(crate) fn text(length: RangeInclusive<usize>) -> Setting<Text> {
    Setting::new(Text(length))
}

/// Returns one of several words.
pub(crate) fn choice<E: StringEnum + Serialize>() -> Setting<Choice<E>> {
    Setting::new(Choice(PhantomData))
}

/// Returns several words without repetition, a set.
pub(crate) fn choices<E: StringEnum + Serialize + PartialEq>() -> Setting<Choices<E>> {
    Setting::new(Choices(PhantomData)).set(Value::to_string)
}

/// Returns a duration, such as `5s`.
pub(crate) fn duration() -> Setting<Duration> {
    Setting::new(Duration)
}

/// Returns the numbers of ports, a set.
pub(crate) fn ports() -> Setting<List<Port>> {
    Setting::new(List(Port)).set(Value::to_string)
}

/// Returns a list, empty by default.
pub(crate) fn list<F: Form>(item: F) -> Setting<List<F>> {
    Setting::new(List(item)).default(Vec::new())
}

/// Returns the operator's own patterns, a set.
pub(crate) fn patterns() -> Setting<List<RegularExpression>> {
    list(RegularExpression)
        .set(Value::to_string)
        .weaker(Weaker::Removed("a pattern is removed"))
}

/// Returns a mapping of settings.
pub(crate) fn group<S: Settings>() -> Setting<Group<S>> {
    Setting::new(Group(PhantomData))
}

/// Returns a list of texts of a length within limits, a set.
pub(crate) fn texts(length: RangeInclusive<usize>) -> Setting<List<Text>> {
    list(Text(length)).set(Value::to_string)
}

/// Returns a mapping of any keys, which is passed on as it is.
pub(crate) fn any_mapping() -> Setting<AnyMapping> {
    Setting::new(AnyMapping)
}

/// See [`boolean`].
pub(crate) struct Boolean;

impl Form for Boolean {
    type Value = bool;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<bool> {
        field.boolean(diagnostics)
    }

    fn schema(&self) -> Value {
        json!({ "type": "boolean" })
    }
}

/// See [`only`].
pub(crate) struct Only(bool);

impl Form for Only {
    type Value = bool;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<bool> {
        let value = field.boolean(diagnostics)?;
        if value != self.0 {
            let key = field.key();
            let what = format!("`{key}: {value}`");
            diagnostics.report_unsupported(field.location, &field.path, &what);
        }
        Some(value)
    }

    fn schema(&self) -> Value {
        json!({ "const": self.0 })
    }
}

/// See [`integer`].
pub(crate) struct Integer(RangeInclusive<u64>);

impl Form for Integer {
    type Value = u64;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<u64> {
        field.integer(self.0.clone(), diagnostics)
    }

    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": self.0.start(), "maximum": self.0.end() })
    }
}

/// See [`text`].
pub(crate) struct Text(RangeInclusive<usize>);

impl Form for Text {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        let length = LengthRange {
            min: *self.0.start(),
            max: *self.0.end(),
        };
        field.bounded_string(&length, diagnostics)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "minLength": self.0.start(), "maxLength": self.0.end() })
    }
}

/// See [`choice`].
pub(crate) struct Choice<E>(PhantomData<E>);

impl<E: StringEnum + Serialize> Form for Choice<E> {
    type Value = E;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<E> {
        field.variant(diagnostics)
    }

    fn schema(&self) -> Value {
        let words: Vec<&str> = E::VARIANTS.iter().map(|(word, _)| *word).collect();
        json!({ "enum": words })
    }
}

/// See [`choices`].
pub(crate) struct Choices<E>(PhantomData<E>);

impl<E: StringEnum + Serialize + PartialEq> Form for Choices<E> {
    type Value = Vec<E>;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Vec<E>> {
        let items = field.items(diagnostics)?;
        let mut words = Vec::new();
        for item in &items {
            let Some(word) = item.variant(diagnostics) else {
                continue;
            };
            if words.contains(&word) {
                let message = format!("`{}` repeats an earlier item", item.path);
                diagnostics.report(code::DUPLICATE, item.location, &item.path, message);
            }
            words.push(word);
        }
        Some(words)
    }

    fn schema(&self) -> Value {
        let item = Choice::<E>(PhantomData).schema();
        json!({ "type": "array", "items": item, "uniqueItems": true })
    }
}

/// See [`duration`].
pub(crate) struct Duration;

impl Form for Duration {
    type Value = Millis;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Millis> {
        field.duration(diagnostics)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" })
    }
}

/// See [`ports`].
pub(crate) struct Port;

impl Form for Port {
    type Value = u16;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<u16> {
        let port = field.integer(1..=u64::from(u16::MAX), diagnostics)?;
        u16::try_from(port).ok()
    }

    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX })
    }
}

/// A regular expression.
pub(crate) struct RegularExpression;

impl Form for RegularExpression {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        field.pattern(diagnostics)
    }

    fn schema(&self) -> Value {
        // No `format: regex`, which is that of ECMA-262: it has no `(?i)`.
        json!({ "type": "string", "minLength": 1 })
    }
}

/// See [`list`].
pub(crate) struct List<F>(F);

impl<F: Form> Form for List<F> {
    type Value = Vec<F::Value>;

    fn decode(
        &self,
        field: &Field<'_>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Vec<F::Value>> {
        let items = field.items(diagnostics)?;
        let items = items.iter();
        Some(
            items
                .filter_map(|item| self.0.decode(item, diagnostics))
                .collect(),
        )
    }

    fn schema(&self) -> Value {
        json!({ "type": "array", "items": self.0.schema() })
    }
}

/// See [`group`].
pub(crate) struct Group<S>(PhantomData<S>);

impl<S: Settings> Form for Group<S> {
    type Value = S;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<S> {
        let keys = Some(&S::KEYS);
        let mapping = Mapping::open(field.node, &field.path, field.location, keys, diagnostics)?;
        Some(S::decode(&mapping, diagnostics))
    }

    fn schema(&self) -> Value {
        S::schema()
    }

    fn nested(&self) -> Vec<Declaration> {
        S::declarations()
    }
}

/// See [`any_mapping`].
pub(crate) struct AnyMapping;

impl Form for AnyMapping {
    type Value = Map<String, Value>;

    fn decode(
        &self,
        field: &Field<'_>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Map<String, Value>> {
        let mapping = Mapping::open(field.node, &field.path, field.location, None, diagnostics)?;
        let mut values = Map::new();
        for entry in mapping.entries() {
            let path = mapping.path_of(&entry.key);
            let value = json_value(&entry.node, &path, diagnostics)?;
            values.insert(entry.key.clone(), value);
        }
        Some(values)
    }

    fn schema(&self) -> Value {
        json!({ "type": ["object", "null"] })
    }
}

/// Converts a node; reports a fraction, whose notation is not kept.
fn json_value(node: &Node, path: &str, diagnostics: &mut Diagnostics<'_>) -> Option<Value> {
    Some(match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(value) => Value::from(*value),
        NodeKind::Int(value) => Value::from(*value),
        NodeKind::String(text) => Value::from(text.clone()),
        NodeKind::Float => {
            let message = format!("`{path}` is a fraction, which is not passed on exactly");
            diagnostics
                .report(code::INVALID_VALUE, node.location, path, message)
                .help("write it in quotes, or as an integer");
            return None;
        }
        NodeKind::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| json_value(item, &format!("{path}[{index}]"), diagnostics))
            .collect::<Option<Vec<_>>>()?
            .into(),
        NodeKind::Mapping(entries) => {
            let mut values = Map::new();
            for entry in entries {
                let value = json_value(&entry.node, &format!("{path}.{}", entry.key), diagnostics)?;
                values.insert(entry.key.clone(), value);
            }
            Value::Object(values)
        }
    })
}
