//! The format of the lock file.

use super::sha256::SCHEME;
use crate::discovery::{PluginTier, check_trust};
use crate::position::line_and_column;
use kt_plugin_api::{Class, Error};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The version of the format.
const VERSION: u32 = 1;
/// A larger file is not a lock file.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// The content of the lock file, by the name of the plugin.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PluginLock {
    pub(crate) entries: BTreeMap<String, LockEntry>,
}

/// An installed plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct LockEntry {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) tier: PluginTier,
    /// The path that the plugin was installed from.
    #[serde(default)]
    pub(crate) source: Option<String>,
    /// The hashes of the library or the program. Each has a scheme; any of them may
    /// match, and unknown schemes are ignored.
    #[serde(default)]
    pub(crate) hashes: Vec<String>,
    /// The same for `plugin.toml`.
    #[serde(default)]
    pub(crate) manifest_hashes: Vec<String>,
    /// The minisign public key that updates must be signed with.
    #[serde(default)]
    pub(crate) public_key: Option<String>,
}

#[derive(Deserialize)]
struct LockText {
    version: u32,
    #[serde(default, rename = "plugin")]
    plugins: Vec<LockEntry>,
}

impl LockEntry {
    pub(crate) fn new(name: &str, version: &str, tier: PluginTier) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            tier,
            ..Self::default()
        }
    }

    /// Returns whether the entry describes files with these hashes, and a description of
    /// the difference if not.
    pub(super) fn compare(&self, code: &str, manifest: &str) -> Result<(), Vec<String>> {
        let mut differences = Vec::new();
        for (what, locked, current) in [
            ("library", &self.hashes, code),
            ("plugin.toml", &self.manifest_hashes, manifest),
        ] {
            let mut known = locked.iter().filter(|h| h.starts_with(SCHEME));
            if known.clone().any(|hash| hash == current) {
                continue;
            }
            let locked = known.next().map_or("none", String::as_str);
            differences.push(format!("{what}: locked {locked}, found {current}"));
        }
        if differences.is_empty() {
            Ok(())
        } else {
            Err(differences)
        }
    }
}

impl PluginLock {
    /// Reads the lock file; a missing one is empty.
    ///
    /// # Errors
    /// Class `plugin` if other users could have changed it, or if it is malformed.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Self::default());
            }
            Err(e) => return Err(unreadable(path).cause(e)),
        };
        let meta = file.metadata().map_err(|e| unreadable(path).cause(e))?;
        if !meta.is_file() || meta.len() > MAX_SIZE {
            return Err(unreadable(path).cause("it is not a regular file of at most 16 MiB"));
        }
        check_trust(path, &meta)?;
        let mut text = String::new();
        (&file)
            .take(MAX_SIZE)
            .read_to_string(&mut text)
            .map_err(|e| unreadable(path).cause(e))?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let parsed: LockText = toml::from_str(text).map_err(|e| {
            let (line, column) = e
                .span()
                .map_or((1, 1), |span| line_and_column(text, span.start));
            let file = path.display().to_string();
            unreadable(path).cause(e.message()).at(file, line, column)
        })?;
        if parsed.version > VERSION {
            let problem = format!("its format {} is that of a newer kt", parsed.version);
            return Err(unreadable(path).cause(problem).hint("upgrade kt"));
        }
        let entries = parsed.plugins.into_iter();
        Ok(Self {
            entries: entries.map(|e| (e.name.clone(), e)).collect(),
        })
    }

    pub(crate) fn insert(&mut self, entry: LockEntry) {
        self.entries.insert(entry.name.clone(), entry);
    }

    /// Formats the file. A JSON string is also a TOML basic string, except for the
    /// character DEL, which names and paths of plugins do not contain.
    pub(super) fn to_toml(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let list = |items: &[String]| {
            let items: Vec<String> = items.iter().map(|i| quoted(i)).collect();
            format!("[{}]", items.join(", "))
        };
        let mut text = format!(
            "# The plugins that kt loads, with their hashes. Written by `kt plugin`.\nversion = {VERSION}\n"
        );
        for entry in self.entries.values() {
            text.push_str(&format!(
                "\n[[plugin]]\nname = {}\nversion = {}\ntier = {}\n",
                quoted(&entry.name),
                quoted(&entry.version),
                quoted(entry.tier.name())
            ));
            if let Some(source) = &entry.source {
                text.push_str(&format!("source = {}\n", quoted(source)));
            }
            if let Some(key) = &entry.public_key {
                text.push_str(&format!("public_key = {}\n", quoted(key)));
            }
            text.push_str(&format!(
                "hashes = {}\nmanifest_hashes = {}\n",
                list(&entry.hashes),
                list(&entry.manifest_hashes)
            ));
        }
        text
    }
}

fn unreadable(path: &Path) -> Error {
    let message = format!("the lock file `{}` cannot be used", path.display());
    Error::new(Class::Plugin, "invalid-plugin-lock", message).hint(format!(
        "repair it, or remove it and run `kt plugin trust` for each plugin: `{}`",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::{LockEntry, PluginLock};
    use crate::discovery::PluginTier;
    use std::path::Path;

    fn parse(text: &str) -> Result<PluginLock, kt_plugin_api::Error> {
        PluginLock::parse(Path::new("plugins.lock"), text)
    }

    #[test]
    fn a_written_lock_can_be_read() {
        let mut lock = PluginLock::default();
        let mut entry = LockEntry::new("x", "1.0.0", PluginTier::Signed);
        entry.source = Some("/a \"b\" \\ ü/x.tar.gz".to_owned());
        entry.public_key = Some("RWQ+/=".to_owned());
        entry.hashes = vec!["sha256:00".to_owned(), "b3:11".to_owned()];
        lock.insert(entry);
        lock.insert(LockEntry::new("y", "2.0.0", PluginTier::Development));
        assert_eq!(parse(&lock.to_toml()).unwrap(), lock);
    }

    #[test]
    fn unknown_schemes_and_keys_are_ignored() {
        let text = "version = 1\nfuture = 1\n[[plugin]]\nname = 'x'\nversion = '1.0.0'\nfuture = 2\n\
                    hashes = ['b3:77', 'sha256:aa']\nmanifest_hashes = ['sha256:bb']\n";
        let entry = parse(text).unwrap().entries.remove("x").unwrap();
        assert_eq!(entry.compare("sha256:aa", "sha256:bb"), Ok(()));
        let differences = entry.compare("sha256:ab", "sha256:bb").unwrap_err();
        assert_eq!(differences, ["library: locked sha256:aa, found sha256:ab"]);
    }

    #[test]
    fn a_hash_without_a_known_scheme_matches_nothing() {
        let mut entry = LockEntry::new("x", "1.0.0", PluginTier::Locked);
        entry.hashes = vec!["b3:aa".to_owned()];
        assert_eq!(entry.compare("b3:aa", "b3:aa").unwrap_err().len(), 2);
    }

    #[test]
    fn a_malformed_lock_is_an_error_with_its_position() {
        let error = parse("version = 1\n[[plugin]]\nname = 3\n").unwrap_err();
        assert_eq!(error.location.as_ref().map(|l| l.line), Some(3));
        let newer = parse("version = 2\n").unwrap_err();
        assert!(newer.to_string().contains("newer kt"), "{newer}");
        assert!(parse("").is_err());
    }
}
