//! The journal of plugins: which are disabled, and how often they crashed.
//!
//! It is a text file to which lines are appended, so that the handler of a fault signal
//! can add one: it opens the file with `O_APPEND | O_CREAT`, mode 0600, and writes
//! [`crash_line`] in one call. Lines are `crash NAME VERSION`, `success NAME VERSION`,
//! `disable NAME` and `enable NAME`; others are ignored. A missing file is the normal
//! case, and reading it costs one failing `open`.

use super::plugin::DiscoveredPlugin;
use crate::atomic_file;
use kt_plugin_api::{Class, Error};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A plugin that crashed in this many runs in a row is not used.
const MAX_CRASHES: u32 = 3;
/// A longer journal is compacted.
const MAX_SIZE: usize = 64 * 1024;

/// What the journal says about a plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct PluginRecord {
    disabled: bool,
    /// The version that crashed.
    version: String,
    crashes: u32,
}

/// The journal.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    records: BTreeMap<String, PluginRecord>,
    size: usize,
}

impl Journal {
    /// Reads the journal; one that cannot be trusted or read counts as empty.
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = atomic_file::read_private(path).unwrap_or_default();
        let mut journal = Self {
            size: bytes.len(),
            ..Self::default()
        };
        for line in String::from_utf8_lossy(&bytes).lines() {
            journal.apply(line);
        }
        journal
    }

    fn apply(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(event), Some(name)) = (words.next(), words.next()) else {
            return;
        };
        let version = words.next().unwrap_or_default();
        if !matches!(event, "crash" | "success" | "disable" | "enable") {
            return;
        }
        let record = self.records.entry(name.to_owned()).or_default();
        match event {
            "crash" if record.version == version => record.crashes += 1,
            "crash" => {
                record.crashes = 1;
                version.clone_into(&mut record.version);
            }
            "disable" => record.disabled = true,
            "enable" => *record = PluginRecord::default(),
            _ => record.crashes = 0,
        }
    }

    /// Returns whether the user disabled the plugin.
    pub(crate) fn is_disabled(&self, name: &str) -> bool {
        self.records.get(name).is_some_and(|r| r.disabled)
    }

    /// Returns in how many runs in a row this version of the plugin crashed.
    pub(crate) fn crashes(&self, name: &str, version: &str) -> u32 {
        let record = self.records.get(name).filter(|r| r.version == version);
        record.map_or(0, |r| r.crashes)
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, record) in &self.records {
            if record.disabled {
                text.push_str(&format!("disable {name}\n"));
            }
            for _ in 0..record.crashes.min(MAX_CRASHES) {
                text.push_str(&format!("crash {name} {}\n", record.version));
            }
        }
        text
    }
}

/// Returns the reason for which a plugin is not used, if the journal has one.
pub(super) fn refusal(journal: &Journal, name: &str, version: &str) -> Option<Error> {
    let enable = format!("run `kt plugin enable {name}`");
    if journal.is_disabled(name) {
        let message = format!("plugin `{name}` is disabled");
        return Some(Error::new(Class::Plugin, "plugin-disabled", message).hint(enable));
    }
    let crashes = journal.crashes(name, version);
    (crashes >= MAX_CRASHES).then(|| {
        let message = format!("plugin `{name}` is quarantined");
        Error::new(Class::Plugin, "plugin-quarantined", message)
            .cause(format!(
                "version {version} crashed in each of its last {crashes} runs"
            ))
            .hint(format!("report it to its author; {enable} to use it again"))
    })
}

/// Returns the line that records a crash.
pub(crate) fn crash_line(name: &str, version: &str) -> String {
    format!("crash {name} {version}\n")
}

/// Records that a version of a plugin crashed in a process of its own.
///
/// # Errors
/// When the journal cannot be written.
pub(crate) fn record_crash(journal: &Path, name: &str, version: &str) -> io::Result<()> {
    append(journal, &crash_line(name, version))
}

/// Records that a run with a plugin ended without a crash. Nothing is written unless the
/// plugin crashed before.
pub(crate) fn record_success(plugin: &DiscoveredPlugin) {
    if plugin.crashes == 0 {
        return;
    }
    let version = plugin.manifest.as_ref().map_or("", |m| &m.version);
    let line = format!("success {} {version}\n", plugin.name());
    // A failure means that the crashes before remain counted.
    drop(append(&plugin.records.journal, &line));
}

/// Records that the user enabled or disabled a plugin, which also forgets its crashes.
///
/// # Errors
/// Class `plugin` if the journal cannot be written.
pub(crate) fn set_enabled(path: &Path, name: &str, enabled: bool) -> Result<(), Error> {
    let event = if enabled { "enable" } else { "disable" };
    append(path, &format!("{event} {name}\n")).map_err(|e| {
        let message = format!("the journal `{}` cannot be written", path.display());
        Error::new(Class::Plugin, "plugin-journal-unwritable", message).cause(e)
    })
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        atomic_file::create_private_dir(dir)?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?
        .write_all(line.as_bytes())?;
    let journal = Journal::read(path);
    if journal.size > MAX_SIZE {
        // A line that another process appends meanwhile is lost: a crash is then counted
        // at the next run.
        atomic_file::replace(path, journal.to_text().as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Journal, MAX_SIZE, append, crash_line, record_crash, refusal, set_enabled};
    use std::fs;

    fn id(journal: &Journal, version: &str) -> Option<String> {
        refusal(journal, "x", version).map(|e| e.id.clone())
    }

    #[test]
    fn three_crashes_in_a_row_quarantine_a_version() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/plugins.journal");
        assert_eq!(id(&Journal::read(&path), "1.0.0"), None);
        for _ in 0..2 {
            record_crash(&path, "x", "1.0.0").unwrap();
        }
        append(&path, "success x 1.0.0\n").unwrap();
        for crashes in 0..3 {
            assert_eq!(Journal::read(&path).crashes("x", "1.0.0"), crashes);
            append(&path, &crash_line("x", "1.0.0")).unwrap();
        }
        let journal = Journal::read(&path);
        assert_eq!(id(&journal, "1.0.0").as_deref(), Some("plugin-quarantined"));
        assert_eq!(id(&journal, "1.0.1"), None);
        assert_eq!(journal.crashes("y", "1.0.0"), 0);
        set_enabled(&path, "x", true).unwrap();
        assert_eq!(id(&Journal::read(&path), "1.0.0"), None);
    }

    #[test]
    fn a_disabled_plugin_stays_disabled_until_it_is_enabled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.journal");
        set_enabled(&path, "x", false).unwrap();
        append(&path, &crash_line("x", "1.0.0")).unwrap();
        let journal = Journal::read(&path);
        assert_eq!(id(&journal, "9.9.9").as_deref(), Some("plugin-disabled"));
        set_enabled(&path, "x", true).unwrap();
        assert_eq!(id(&Journal::read(&path), "9.9.9"), None);
    }

    #[test]
    fn a_damaged_line_is_ignored_and_a_long_journal_is_compacted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.journal");
        fs::write(
            &path,
            b"disable y\n\xff\xfe\ncrash\n\nfuture x 1\ncrash x 1.0.0",
        )
        .unwrap();
        let journal = Journal::read(&path);
        assert!(journal.is_disabled("y"));
        assert_eq!(journal.crashes("x", "1.0.0"), 1);
        let long = format!(
            "disable y\n{}",
            crash_line("x", "1.0.0").repeat(MAX_SIZE / 14)
        );
        fs::write(&path, long).unwrap();
        append(&path, "disable z\n").unwrap();
        let journal = Journal::read(&path);
        assert!(journal.size < 200, "{}", journal.size);
        assert!(journal.is_disabled("y") && journal.is_disabled("z"));
        assert_eq!(id(&journal, "1.0.0").as_deref(), Some("plugin-quarantined"));
    }
}
