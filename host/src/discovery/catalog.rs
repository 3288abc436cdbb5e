//! The catalog: which plugin and package offer a command or a provider that
//! is not installed. It is generated data beside the plugin directory, and may
//! be absent.

use super::search::SearchDir;
use super::trust::check_file;
use kt_plugin_api::manifest::Manifest;
use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::path::Path;

/// Name of the file beside each plugin directory.
const FILE: &str = "catalog.toml";

/// What one plugin offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CatalogEntry {
    /// Plugin name.
    pub(crate) plugin: String,
    /// Package that holds it.
    pub(crate) package: String,
    /// One line.
    pub(crate) description: String,
    /// Paths of its commands.
    #[serde(default)]
    pub(crate) commands: Vec<Vec<String>>,
    /// `interface:name` of its providers.
    #[serde(default)]
    pub(crate) provides: Vec<String>,
}

/// A catalog names packages to install, so it is trusted as plugins are.
fn trusted(file: &Path) -> Option<Catalog> {
    let meta = std::fs::metadata(file).ok().filter(Metadata::is_file)?;
    check_file(file, &meta).ok()?;
    toml::from_str(&std::fs::read_to_string(file).ok()?).ok()
}

/// Every known plugin, installed or not.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Catalog {
    #[serde(default, rename = "plugin")]
    pub(crate) plugins: Vec<CatalogEntry>,
}

impl Catalog {
    /// Reads the catalogs beside the search directories. One that cannot be
    /// read counts as absent: it only improves messages.
    pub(crate) fn read(path: &[SearchDir]) -> Self {
        let mut all = Self::default();
        for dir in path {
            let Some(parent) = dir.path.parent() else {
                continue;
            };
            let found = trusted(&parent.join(FILE)).unwrap_or_default();
            for entry in found.plugins {
                if !all.plugins.iter().any(|known| known.plugin == entry.plugin) {
                    all.plugins.push(entry);
                }
            }
        }
        all
    }

    /// The catalog of these manifests; packages are named `kt-<plugin>`.
    pub(crate) fn of<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> Self {
        let plugins = manifests
            .into_iter()
            .map(|m| CatalogEntry {
                plugin: m.name.clone(),
                package: format!("kt-{}", m.name),
                description: m.description.clone(),
                commands: m
                    .commands
                    .iter()
                    .flat_map(|c| std::iter::once(&c.path).chain(&c.alias_paths))
                    .cloned()
                    .collect(),
                provides: m
                    .provides
                    .iter()
                    .map(|p| format!("{}:{}", p.interface, p.name))
                    .collect(),
            })
            .collect();
        Self { plugins }
    }

    /// Who provides `interface`, by provider name if one is given.
    pub(crate) fn providers(&self, interface: &str, name: &str) -> Vec<&CatalogEntry> {
        let fits = |p: &String| {
            p.split_once(':')
                .is_some_and(|(i, n)| i == interface && (name.is_empty() || n == name))
        };
        self.plugins
            .iter()
            .filter(|entry| entry.provides.iter().any(fits))
            .collect()
    }
}

impl Catalog {
    /// The catalog as TOML. JSON strings without control characters are TOML
    /// basic strings, and manifests hold no others.
    pub(crate) fn to_toml(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let list = |items: &[String]| {
            format!(
                "[{}]",
                items
                    .iter()
                    .map(|i| quoted(i))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        };
        let mut text =
            String::from("# Which plugin offers what; written by `kt plugin catalog`.\n");
        for p in &self.plugins {
            let commands: Vec<String> = p.commands.iter().map(|c| list(c)).collect();
            text.push_str(&format!(
                "\n[[plugin]]\nplugin = {}\npackage = {}\ndescription = {}\ncommands = [{}]\nprovides = {}\n",
                quoted(&p.plugin),
                quoted(&p.package),
                quoted(&p.description),
                commands.join(", "),
                list(&p.provides)
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalog, CatalogEntry};

    #[test]
    fn what_is_written_is_read_back() {
        let entry = CatalogEntry {
            plugin: "x".to_owned(),
            package: "kt-x".to_owned(),
            description: "says \"hi\" \\ ünï".to_owned(),
            commands: vec![vec!["a".to_owned(), "b".to_owned()]],
            provides: vec!["kt.service/1:x".to_owned()],
        };
        let written = Catalog {
            plugins: vec![entry],
        };
        let read: Catalog = toml::from_str(&written.to_toml()).unwrap();
        assert_eq!(read.plugins, written.plugins);
        assert_eq!(read.providers("kt.service/1", "x").len(), 1);
        assert!(read.providers("kt.service/1", "y").is_empty());
    }
}
