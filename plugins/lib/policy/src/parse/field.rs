//! Typed reading of a table: every getter checks the type, remembers the
//! place, and reports what is wrong instead of stopping.

use super::files::Findings;
use super::layer::join;
use super::node::{Entry, Node, Value};
use crate::model::{Millis, SourceLocation, Word};
use crate::problem::code;
use crate::problem::mask::is_secret_key;

/// The keys of a table: those in force, and those that exist in compatible
/// products but are not enforced by this version.
pub(crate) struct Keys {
    pub(crate) known: &'static [&'static str],
    pub(crate) unsupported: &'static [&'static str],
}

/// A table being read.
pub(crate) struct Table<'n> {
    entries: &'n [Entry],
    path: String,
    place: SourceLocation,
}

/// A value of a table with its path, place included.
pub(crate) struct Field<'n> {
    pub(crate) node: &'n Node,
    pub(crate) path: String,
    pub(crate) at: SourceLocation,
}

impl<'n> Table<'n> {
    /// Opens a node as a table and reports its unknown keys. Nothing (`key:`
    /// without a value) counts as an empty table.
    pub(crate) fn open(
        node: &'n Node,
        path: &str,
        at: SourceLocation,
        keys: Option<&Keys>,
        findings: &mut Findings<'_>,
    ) -> Option<Self> {
        let entries: &[Entry] = match &node.value {
            Value::Table(entries) => entries,
            Value::Null => &[],
            other => {
                wrong_type(findings, at, path, "a table", other);
                return None;
            }
        };
        findings.places.insert(path.to_owned(), at);
        let table = Self {
            entries,
            path: path.to_owned(),
            place: at,
        };
        if let Some(keys) = keys {
            table.check_keys(keys, findings);
        }
        Some(table)
    }

    fn check_keys(&self, keys: &Keys, findings: &mut Findings<'_>) {
        for entry in self.entries {
            let key = entry.key.as_str();
            if keys.known.contains(&key) {
                continue;
            }
            if is_secret_path(&self.path) {
                // What stands in the place of a key may be the secret itself.
                let message = format!("unknown key in `{}`", self.path);
                findings
                    .report(code::UNKNOWN_KEY, entry.key_place, &self.path, message)
                    .help(format!("known keys: {}", keys.known.join(", ")));
                continue;
            }
            let path = join(&self.path, key);
            if keys.unsupported.contains(&key) {
                unsupported(findings, entry.key_place, &path, &format!("`{key}`"));
                continue;
            }
            let message = format!("unknown key `{key}`");
            findings
                .report(code::UNKNOWN_KEY, entry.key_place, &path, message)
                .suggest(key, keys.known.iter().copied())
                .help(format!("known keys: {}", keys.known.join(", ")));
        }
    }

    /// All pairs, for tables whose keys are free.
    pub(crate) fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// Path of a key of this table.
    pub(crate) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// The value of a key.
    pub(crate) fn field(&self, key: &str, findings: &mut Findings<'_>) -> Option<Field<'n>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let path = self.path_of(key);
        // Nothing has no place of its own; the key is what a person looks for.
        let at = match entry.node.value {
            Value::Null => entry.key_place,
            _ => entry.node.place,
        };
        findings.places.insert(path.clone(), at);
        Some(Field {
            node: &entry.node,
            path,
            at,
        })
    }

    /// The place of a key itself.
    pub(crate) fn key_place(&self, key: &str) -> Option<SourceLocation> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(entry.key_place)
    }

    /// Reports a key that must be there and is not.
    pub(crate) fn require(&self, key: &str, findings: &mut Findings<'_>) {
        if self.entries.iter().all(|entry| entry.key != key) {
            let path = self.path_of(key);
            findings.report(
                code::MISSING,
                self.place,
                &path,
                format!("`{path}` is missing"),
            );
        }
    }

    /// A table under a key.
    pub(crate) fn table(
        &self,
        key: &str,
        keys: &Keys,
        findings: &mut Findings<'_>,
    ) -> Option<Table<'n>> {
        let field = self.field(key, findings)?;
        Table::open(field.node, &field.path, field.at, Some(keys), findings)
    }

    /// A list under a key, as fields with `[index]` paths.
    pub(crate) fn list(&self, key: &str, findings: &mut Findings<'_>) -> Option<Vec<Field<'n>>> {
        let field = self.field(key, findings)?;
        let Value::List(items) = &field.node.value else {
            wrong_type(findings, field.at, &field.path, "a list", &field.node.value);
            return None;
        };
        let mut fields = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            let path = format!("{}[{index}]", field.path);
            findings.places.insert(path.clone(), node.place);
            fields.push(Field {
                node,
                path,
                at: node.place,
            });
        }
        Some(fields)
    }

    /// A boolean under a key.
    pub(crate) fn flag(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        self.field(key, findings)?.flag(findings)
    }

    /// An integer under a key, within bounds.
    pub(crate) fn integer(
        &self,
        key: &str,
        bounds: std::ops::RangeInclusive<u64>,
        findings: &mut Findings<'_>,
    ) -> Option<u64> {
        self.field(key, findings)?.integer(bounds, findings)
    }

    /// A duration under a key.
    pub(crate) fn duration(&self, key: &str, findings: &mut Findings<'_>) -> Option<Millis> {
        self.field(key, findings)?.duration(findings)
    }

    /// One of a set of words under a key.
    pub(crate) fn word<W: Word>(&self, key: &str, findings: &mut Findings<'_>) -> Option<W> {
        self.field(key, findings)?.word(findings)
    }
}

/// Reports a value of the wrong type without quoting it.
pub(crate) fn wrong_type(
    findings: &mut Findings<'_>,
    at: SourceLocation,
    path: &str,
    expected: &str,
    found: &Value,
) {
    let message = format!("`{path}` must be {expected}, not {}", found.noun());
    let problem = findings.report(code::WRONG_TYPE, at, path, message);
    if expected == "a string" && !matches!(found, Value::List(_) | Value::Table(_)) {
        problem.help("put it in quotes");
    } else if expected == "a boolean" {
        problem.help("write `true` or `false`");
    }
}

/// Reports something that exists elsewhere but is not enforced here.
pub(crate) fn unsupported(findings: &mut Findings<'_>, at: SourceLocation, path: &str, what: &str) {
    let message = format!("{what} is not supported by this version");
    findings
        .report(code::UNSUPPORTED, at, path, message)
        .help("remove it: it would be accepted but not enforced");
}

/// Whether the last key of a path holds a secret.
pub(crate) fn is_secret_path(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    is_secret_key(last.split('[').next().unwrap_or(last))
}
