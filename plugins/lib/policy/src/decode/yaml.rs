//! The only module that uses the YAML library.
//!
//! It parses a source into a [`Node`] tree with locations, within a budget. Duplicate keys stay in
//! the tree, because the library reports only the first of them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::DuplicateKeyPolicy;
use serde_yaml::{Error, Location, Options, Spanned};

use super::node::{Entry, Node, NodeKind};
use crate::source::{MAX_SOURCE_BYTES, SourceLocation};

/// The maximum number of nodes in a source, with aliases expanded.
pub const MAX_NODES: usize = 50_000;
/// The maximum nesting depth of a source.
pub const MAX_DEPTH: usize = 64;
/// The maximum number of aliases in a source.
pub const MAX_ALIASES: usize = 100;

const SEVERAL_DOCUMENTS: &str = "a configuration is one document, and a second one begins at \
     this `---`; layers are files of their own, which are passed together";
const TAB: &str = "a tab cannot indent; use spaces";

/// The reason why a source cannot be parsed.
pub(crate) struct YamlError {
    pub(crate) over_budget: bool,
    pub(crate) message: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Parses a source; `file` becomes part of every location.
pub(crate) fn parse_yaml(text: &str, file: usize) -> Result<Node, YamlError> {
    if text.len() > MAX_SOURCE_BYTES {
        return Err(YamlError {
            over_budget: true,
            message: format!("it is larger than {MAX_SOURCE_BYTES} bytes"),
            line: 0,
            column: 0,
        });
    }
    let value: Spanned<YamlValue> =
        serde_yaml::from_str_with_options(text, options()).map_err(yaml_error)?;
    Ok(node(value, file))
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_SOURCE_BYTES,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MAX_NODES,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn yaml_error(error: Error) -> YamlError {
    let message = message_without_location(&error);
    // Words of the library, which has no variants for them.
    let reworded = [("Documents {", SEVERAL_DOCUMENTS), ("tabs disallowed", TAB)];
    let reworded = reworded.iter().find(|(word, _)| message.contains(word));
    if let Some((_, text)) = reworded {
        let location = error.location();
        return YamlError {
            over_budget: false,
            message: (*text).to_owned(),
            line: location.map_or(0, |at| line(&at)),
            column: location.map_or(0, |at| column(&at)),
        };
    }
    // The library reports exceeded alias limits as a wrapped text, without a variant.
    let over_budget = matches!(error.without_snippet(), Error::Budget { .. })
        || message.contains("limit exceeded");
    let location = error.location();
    YamlError {
        over_budget,
        message,
        line: location.map_or(0, |at| line(&at)),
        column: location.map_or(0, |at| column(&at)),
    }
}

/// Returns the message without the location that the library appends to it.
fn message_without_location(error: &Error) -> String {
    let full = error.without_snippet().to_string();
    let first = full.lines().next().unwrap_or_default();
    let end = first.find(" at line ").unwrap_or(first.len());
    first[..end].trim_end_matches([':', ',', ' ']).to_owned()
}

fn line(location: &Location) -> u32 {
    u32::try_from(location.line()).unwrap_or(u32::MAX)
}

fn column(location: &Location) -> u32 {
    u32::try_from(location.column()).unwrap_or(u32::MAX)
}

fn source_location(location: &Location, file: usize) -> SourceLocation {
    SourceLocation {
        file,
        line: line(location),
        column: column(location),
    }
}

fn node(value: Spanned<YamlValue>, file: usize) -> Node {
    let location = source_location(&value.defined, file);
    let kind = match value.value {
        YamlValue::Null => NodeKind::Null,
        YamlValue::Bool(value) => NodeKind::Bool(value),
        YamlValue::Int(value) => NodeKind::Int(value),
        YamlValue::Float => NodeKind::Float,
        YamlValue::String(value) => NodeKind::String(value),
        YamlValue::Sequence(items) => {
            NodeKind::Sequence(items.into_iter().map(|item| node(item, file)).collect())
        }
        YamlValue::Mapping(entries) => NodeKind::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key_location: source_location(&key.defined, file),
                    key: key.value,
                    node: node(value, file),
                })
                .collect(),
        ),
    };
    Node { kind, location }
}

/// A value as it is deserialized, with the library's locations.
enum YamlValue {
    Null,
    Bool(bool),
    Int(i64),
    Float,
    String(String),
    Sequence(Vec<Spanned<YamlValue>>),
    Mapping(Vec<(Spanned<String>, Spanned<YamlValue>)>),
}

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlValueVisitor)
    }
}

struct YamlValueVisitor;

impl<'de> Visitor<'de> for YamlValueVisitor {
    type Value = YamlValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<YamlValue, E> {
        Ok(YamlValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<YamlValue, E> {
        Ok(YamlValue::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<YamlValue, E> {
        let value = i64::try_from(value).map_err(|_| E::custom("the number is too large"))?;
        Ok(YamlValue::Int(value))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<YamlValue, E> {
        Err(E::custom("the number is too large"))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<YamlValue, E> {
        Err(E::custom("the number is too large"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<YamlValue, E> {
        Ok(YamlValue::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<YamlValue, E> {
        Ok(YamlValue::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<YamlValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(YamlValue::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<YamlValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = mapping.next_entry()? {
            if entries.len() >= MAX_NODES {
                return Err(A::Error::custom("too many keys"));
            }
            entries.push(entry);
        }
        Ok(YamlValue::Mapping(entries))
    }
}
