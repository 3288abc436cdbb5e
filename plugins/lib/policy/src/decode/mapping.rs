//! Typed access to a mapping: every getter checks the type, records the location, and reports
//! problems instead of stopping at the first.

use std::ops::RangeInclusive;

use super::diagnostics::{Diagnostics, truncate};
use super::field::Field;
use super::layer::join_path;
use super::node::{Entry, Node, NodeKind};
use super::string_enum::StringEnum;
use crate::problem::mask::is_secret_path;
use crate::problem::{code, looks_like_secret};
use crate::source::SourceLocation;

/// The keys of a mapping: the supported ones, and those that compatible products have but this
/// version does not enforce.
pub(crate) struct Keys {
    pub(crate) known: &'static [&'static str],
    pub(crate) unsupported: &'static [&'static str],
}

/// A mapping with its path.
pub(crate) struct Mapping<'n> {
    entries: &'n [Entry],
    path: String,
    location: SourceLocation,
}

impl<'n> Mapping<'n> {
    /// Opens a node as a mapping and reports its unknown keys. Null (`key:` without a value) counts
    /// as an empty mapping.
    pub(crate) fn open(
        node: &'n Node,
        path: &str,
        location: SourceLocation,
        keys: Option<&Keys>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Self> {
        let entries: &[Entry] = match &node.kind {
            NodeKind::Mapping(entries) => entries,
            NodeKind::Null => &[],
            other => {
                diagnostics.report_type(location, path, "a mapping", other);
                return None;
            }
        };
        diagnostics.locations.insert(path.to_owned(), location);
        let mapping = Self {
            entries,
            path: path.to_owned(),
            location,
        };
        if let Some(keys) = keys {
            mapping.check_keys(keys, diagnostics);
        }
        Some(mapping)
    }

    fn check_keys(&self, keys: &Keys, diagnostics: &mut Diagnostics<'_>) {
        for entry in self.entries {
            let key = entry.key.as_str();
            if keys.known.contains(&key) {
                continue;
            }
            if is_secret_path(&self.path) || looks_like_secret(key) {
                // The key may be the secret itself.
                let message = format!("unknown key in `{}`", self.path);
                diagnostics
                    .report(code::UNKNOWN_KEY, entry.key_location, &self.path, message)
                    .help(format!("known keys: {}", keys.known.join(", ")));
                continue;
            }
            let path = join_path(&self.path, key);
            if keys.unsupported.contains(&key) {
                diagnostics.report_unsupported(entry.key_location, &path, &format!("`{key}`"));
                continue;
            }
            let message = format!("unknown key `{}`", truncate(key));
            diagnostics
                .report(code::UNKNOWN_KEY, entry.key_location, &path, message)
                .suggest(key, keys.known.iter().copied())
                .help(format!("known keys: {}", keys.known.join(", ")));
        }
    }

    /// Returns all entries, for mappings whose keys are not fixed.
    pub(crate) fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// Returns the path of a key of this mapping.
    pub(crate) fn path_of(&self, key: &str) -> String {
        join_path(&self.path, key)
    }

    /// Returns the value of a key.
    pub(crate) fn field(&self, key: &str, diagnostics: &mut Diagnostics<'_>) -> Option<Field<'n>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let path = self.path_of(key);
        // Null has no location of its own; the user looks for the key.
        let location = match entry.node.kind {
            NodeKind::Null => entry.key_location,
            _ => entry.node.location,
        };
        diagnostics.locations.insert(path.clone(), location);
        Some(Field {
            node: &entry.node,
            path,
            location,
        })
    }

    /// Returns the location of a key itself.
    pub(crate) fn key_location(&self, key: &str) -> Option<SourceLocation> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(entry.key_location)
    }

    /// Reports a missing key.
    pub(crate) fn require(&self, key: &str, diagnostics: &mut Diagnostics<'_>) {
        if self.entries.iter().all(|entry| entry.key != key) {
            let path = self.path_of(key);
            diagnostics.report(
                code::MISSING,
                self.location,
                &path,
                format!("`{path}` is missing"),
            );
        }
    }

    /// Returns the mapping of a key.
    pub(crate) fn mapping(
        &self,
        key: &str,
        keys: &Keys,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Mapping<'n>> {
        let field = self.field(key, diagnostics)?;
        Mapping::open(
            field.node,
            &field.path,
            field.location,
            Some(keys),
            diagnostics,
        )
    }

    /// Returns the items of the list of a key, as fields with `[index]` paths.
    pub(crate) fn sequence(
        &self,
        key: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Vec<Field<'n>>> {
        self.field(key, diagnostics)?.items(diagnostics)
    }

    /// Returns the boolean of a key.
    pub(crate) fn boolean(&self, key: &str, diagnostics: &mut Diagnostics<'_>) -> Option<bool> {
        self.field(key, diagnostics)?.boolean(diagnostics)
    }

    /// Returns the integer of a key, within bounds.
    pub(crate) fn integer(
        &self,
        key: &str,
        bounds: RangeInclusive<u64>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<u64> {
        self.field(key, diagnostics)?.integer(bounds, diagnostics)
    }

    /// Returns the enum value of a key.
    pub(crate) fn variant<E: StringEnum>(
        &self,
        key: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<E> {
        self.field(key, diagnostics)?.variant(diagnostics)
    }
}
