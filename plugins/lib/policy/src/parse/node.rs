//! The tree of a YAML document, every node with its place.

use crate::model::SourceLocation;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: SourceLocation,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// No setting is a fraction, so that the number itself is not needed.
    Float,
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One pair of a table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: SourceLocation,
    pub(crate) node: Node,
}

impl Value {
    /// The word used in messages; never the value, which may be a secret.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}
