//! The tree of a YAML document, every node with its location.

use crate::source::SourceLocation;

/// A value with its location.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) location: SourceLocation,
}

/// The type and the content of a node.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Null,
    Bool(bool),
    Int(i64),
    /// No setting is a fraction, so the number itself is not kept.
    Float,
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// An entry of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_location: SourceLocation,
    pub(crate) node: Node,
}

impl NodeKind {
    /// Returns the name of the type for messages, which never quote the value: it may be a secret.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float => "a number",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}
