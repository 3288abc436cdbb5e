//! [`Declaration`].

use serde_json::Value;

/// Returns what identifies an item of a list in which neither order nor repetition has a meaning.
pub(crate) type Identity = fn(&Value) -> String;

/// A setting without its type.
pub(crate) struct Declaration {
    /// The key.
    pub(crate) key: &'static str,
    /// The JSON Schema of the value.
    pub(crate) schema: Value,
    /// The value that its absence means.
    pub(crate) default: Option<Value>,
    /// Which changes weaken a guard.
    pub(crate) weaker: Option<Weaker>,
    /// How the items of a list are compared, if it is a set.
    pub(crate) identity: Option<Identity>,
    /// The settings of a mapping.
    pub(crate) nested: Vec<Declaration>,
}

/// The changes of a setting that weaken a guard, with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weaker {
    /// `false` instead of `true`.
    Off,
    /// `true` instead of `false`.
    On(&'static str),
    /// An action that is less strict: `block`, `redact`, `log`.
    Action,
    /// `fluent` instead of `strict`.
    Streaming,
    /// A lower number.
    Lower(&'static str),
    /// A higher number.
    Higher(&'static str),
    /// An item more.
    Added(&'static str),
    /// One value instead of another, with the reason.
    To(&'static str, &'static str),
    /// An item less.
    Removed(&'static str),
}

/// Returns the declaration at a path such as `response.action`.
pub(crate) fn find<'d>(declarations: &'d [Declaration], path: &str) -> Option<&'d Declaration> {
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    let found = declarations.iter().find(|known| known.key == key)?;
    match rest {
        Some(rest) => find(&found.nested, rest),
        None => Some(found),
    }
}
