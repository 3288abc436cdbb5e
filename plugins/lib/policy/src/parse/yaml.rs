//! The only module that knows the YAML library.
//!
//! It reads a source into a [`Node`] tree with places, within a budget, and
//! reports duplicate keys itself so that all of them are found.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Location, Options, Spanned};

use super::node::{Entry, Node, Value};
use crate::model::SourceLocation;

/// Largest source that is read, in bytes (1 MiB): a hand-written configuration
/// is a few kilobytes, and parsing must stay bounded.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;
/// Most nodes in a source, aliases expanded.
pub const MAX_NODES: usize = 50_000;
/// Deepest nesting of a source.
pub const MAX_DEPTH: usize = 64;
/// Most aliases in a source.
pub const MAX_ALIASES: usize = 100;

/// Why a source could not be read at all.
pub(crate) struct Failure {
    pub(crate) over_budget: bool,
    pub(crate) message: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Reads one source; `file` becomes part of every place.
pub(crate) fn read(text: &str, file: usize) -> Result<Node, Failure> {
    if text.len() > MAX_SOURCE_BYTES {
        return Err(Failure {
            over_budget: true,
            message: format!("the source is larger than {MAX_SOURCE_BYTES} bytes"),
            line: 0,
            column: 0,
        });
    }
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options()).map_err(failure)?;
    Ok(node(raw, file))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_SOURCE_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn failure(error: Error) -> Failure {
    let message = words(&error);
    // The limits on aliases arrive wrapped, with nothing but their text.
    let over_budget = matches!(error.without_snippet(), Error::Budget { .. })
        || message.contains("limit exceeded");
    let location = error.location();
    Failure {
        over_budget,
        message,
        line: location.map_or(0, |at| line(&at)),
        column: location.map_or(0, |at| column(&at)),
    }
}

/// The library's message without the place it appends: the place is ours.
fn words(error: &Error) -> String {
    let full = error.without_snippet().to_string();
    let first = full.lines().next().unwrap_or_default();
    let cut = first.find(" at line ").unwrap_or(first.len());
    first[..cut].trim_end_matches([':', ',', ' ']).to_owned()
}

fn line(at: &Location) -> u32 {
    u32::try_from(at.line()).unwrap_or(u32::MAX)
}

fn column(at: &Location) -> u32 {
    u32::try_from(at.column()).unwrap_or(u32::MAX)
}

fn place(at: &Location, file: usize) -> SourceLocation {
    SourceLocation {
        file,
        line: line(at),
        column: column(at),
    }
}

fn node(raw: Spanned<Raw>, file: usize) -> Node {
    let at = place(&raw.defined, file);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Int(value) => Value::Int(value),
        Raw::Float => Value::Float,
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, file)).collect()),
        Raw::Table(pairs) => Value::Table(
            pairs
                .into_iter()
                .map(|(key, value)| Entry {
                    key_place: place(&key.defined, file),
                    key: key.value,
                    node: node(value, file),
                })
                .collect(),
        ),
    };
    Node { value, place: at }
}

/// What the library hands over, before places are ours.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Raw, E> {
        let value = i64::try_from(value).map_err(|_| E::custom("the number is too large"))?;
        Ok(Raw::Int(value))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Raw, E> {
        Err(E::custom("the number is too large"))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Raw, E> {
        Err(E::custom("the number is too large"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Raw, A::Error> {
        let mut table = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            if table.len() >= MAX_NODES {
                return Err(A::Error::custom("too many keys"));
            }
            table.push(pair);
        }
        Ok(Raw::Table(table))
    }
}
