//! The plugins on the search path, and which of them can be used.

use super::binary::Encoded;
use super::catalog::Catalog;
use super::groups::note_differing_groups;
use super::index::Index;
use super::manifest;
use super::plugin::{DiscoveredPlugin, MANIFEST, PluginState, RecordPaths};
use super::plugin_manifest::PluginManifest;
use super::precedence::{conflict, mark_shadowed, prefer_allowed_shadows, refuse_conflicts};
use super::quarantine::{Journal, refusal};
use super::search::{PluginSource, SearchDir};
use super::settings::unify_settings;
use super::tier::PluginTier;
use super::trust::TrustChecks;
use kt_plugin_api::manifest::{CommandSpec, ProvidesSpec};
use kt_plugin_api::{Class, Error};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A larger file is not a manifest.
const MAX_MANIFEST: u64 = 1024 * 1024;

/// Where plugins are searched, and how.
pub(crate) struct ScanOptions<'a> {
    pub(crate) path: &'a [SearchDir],
    pub(crate) cache: &'a Path,
    /// The running executable: only what it has written is read from the cache.
    pub(crate) exe: &'a Path,
    /// The plugins of the user that may replace others of the same name.
    pub(crate) allow_shadow: &'a [String],
    pub(crate) records: Arc<RecordPaths>,
}

/// The plugins on the search path.
pub(crate) struct Registry {
    /// All plugins, in search order.
    pub(crate) all: Vec<DiscoveredPlugin>,
    /// The known plugins, installed or not.
    pub(crate) catalog: Catalog,
}

impl Registry {
    /// Scans the search path. A problem with one plugin does not affect the
    /// others.
    pub(crate) fn scan(options: &ScanOptions<'_>) -> Self {
        let mut scan = Scan {
            records: &options.records,
            index: Index::open(options.cache, options.exe),
            trust: TrustChecks::default(),
        };
        let journal = Journal::read(&options.records.journal);
        let mut all = Vec::new();
        for dir in options.path {
            let entries = subdirectories(&dir.path).into_iter();
            all.extend(entries.filter_map(|entry| scan.read(entry, dir.source)));
        }
        let catalog = Catalog::read(options.path, &mut scan.index, &mut scan.trust);
        scan.index.save();
        refuse_disabled(&mut all, &journal);
        prefer_allowed_shadows(&mut all, options.allow_shadow);
        mark_shadowed(&mut all);
        refuse_conflicts(&mut all);
        note_differing_groups(&mut all);
        unify_settings(&mut all);
        Self { all, catalog }
    }

    /// Returns what a manifest declares that a usable plugin of another name declares, and
    /// that plugin.
    pub(crate) fn conflict(
        &self,
        manifest: &PluginManifest,
    ) -> Option<(String, &DiscoveredPlugin)> {
        self.usable()
            .filter(|(_, other)| other.name != manifest.name)
            .find_map(|(plugin, other)| Some((conflict(other, manifest)?, plugin)))
    }

    /// Returns the plugins that can be used.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (&DiscoveredPlugin, &PluginManifest)> {
        self.all
            .iter()
            .filter(|f| f.state == PluginState::Usable)
            .filter_map(|f| Some((f, f.manifest.as_ref()?)))
    }

    /// Returns the usable plugin with this name.
    pub(crate) fn plugin(&self, name: &str) -> Option<(&DiscoveredPlugin, &PluginManifest)> {
        self.usable().find(|(_, m)| m.name == name)
    }

    /// Returns a command and its plugin.
    pub(crate) fn command(
        &self,
        path: &[String],
    ) -> Option<(&DiscoveredPlugin, &PluginManifest, CommandSpec)> {
        self.usable()
            .find_map(|(f, m)| Some((f, m, m.command(path)?)))
    }

    /// Returns the usable providers of an interface.
    pub(crate) fn providers<'a>(
        &'a self,
        interface: &'a str,
    ) -> impl Iterator<Item = (&'a DiscoveredPlugin, &'a PluginManifest, &'a ProvidesSpec)> {
        self.usable().flat_map(move |(f, m)| {
            m.provides
                .iter()
                .filter(move |p| p.interface == interface)
                .map(move |p| (f, m, p))
        })
    }
}

/// A directory on the search path, and the link to it.
struct Subdirectory {
    dir: PathBuf,
    link: Option<PathBuf>,
}

/// Returns the directories in `dir` and those that it has links to. Hidden ones are
/// installations that are not complete.
fn subdirectories(dir: &Path) -> Vec<Subdirectory> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut entries: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .filter_map(|e| Some((e.path(), e.file_type().ok()?)))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
        .into_iter()
        .filter_map(|(path, kind)| {
            if !kind.is_symlink() {
                return kind.is_dir().then_some(Subdirectory {
                    dir: path,
                    link: None,
                });
            }
            // The trust check applies to the parents of the target.
            let dir = path.canonicalize().ok().filter(|target| target.is_dir())?;
            Some(Subdirectory {
                dir,
                link: Some(path),
            })
        })
        .collect()
}

/// Parses a manifest, without its ignored keys.
///
/// # Errors
/// Class `plugin` with file, line and column.
pub(crate) fn parse_manifest(path: &Path, text: &str) -> Result<PluginManifest, Error> {
    Ok(manifest::parse(path, text)?.manifest.into())
}

/// Reads one plugin, without the cache.
pub(crate) fn read_plugin(dir: &Path, records: &Arc<RecordPaths>) -> Option<DiscoveredPlugin> {
    let entry = Subdirectory {
        dir: dir.to_owned(),
        link: None,
    };
    let mut scan = Scan {
        records,
        index: Index::none(),
        trust: TrustChecks::default(),
    };
    scan.read(entry, PluginSource::Option)
}

/// Reads plugins.
struct Scan<'a> {
    records: &'a Arc<RecordPaths>,
    index: Index,
    trust: TrustChecks,
}

impl Scan<'_> {
    fn read(&mut self, entry: Subdirectory, source: PluginSource) -> Option<DiscoveredPlugin> {
        let Subdirectory { dir, link } = entry;
        let path = dir.join(MANIFEST);
        let meta = std::fs::metadata(&path).ok()?;
        let manifest = if meta.is_file() && meta.len() <= MAX_MANIFEST {
            self.trust
                .check(&path, &meta)
                .and_then(|()| self.read_manifest(&path, &meta))
        } else {
            Err(Error::new(
                Class::Plugin,
                "invalid-manifest",
                format!(
                    "`{}` is not a regular file of at most 1 MiB",
                    path.display()
                ),
            ))
        };
        let (manifest, notes, state) = match manifest {
            Err(error) => (None, Vec::new(), PluginState::Refused(error)),
            Ok((manifest, notes)) => {
                let state = if manifest.supports_this_os {
                    PluginState::Usable
                } else {
                    PluginState::UnsupportedPlatform
                };
                (Some(manifest), notes, state)
            }
        };
        Some(DiscoveredPlugin {
            tier: PluginTier::of(source, link.is_some(), &meta),
            dir,
            link,
            source,
            manifest,
            state,
            notes,
            crashes: 0,
            records: self.records.clone(),
        })
    }

    /// Returns a manifest, and a message for each key that is ignored in it.
    fn read_manifest(
        &mut self,
        path: &Path,
        meta: &Metadata,
    ) -> Result<(PluginManifest, Vec<String>), Error> {
        let cached = self.index.get(path, meta, |details, from| {
            let notes = Encoded::decode(from)?;
            Some((PluginManifest::decode(details, from)?, notes))
        });
        if let Some(cached) = cached {
            return Ok(cached);
        }
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::new(
                Class::Plugin,
                "invalid-manifest",
                format!("cannot read `{}`", path.display()),
            )
            .cause(e)
        })?;
        let parsed = manifest::parse(path, &text)?;
        let (manifest, notes) = (PluginManifest::from(parsed.manifest), parsed.notes);
        let commands = manifest.encoded_commands();
        self.index.insert(path, meta, commands, |to| {
            notes.encode(to);
            manifest.encode(to);
        });
        Ok((manifest, notes))
    }
}

/// Refuses the plugins that the journal excludes.
fn refuse_disabled(all: &mut [DiscoveredPlugin], journal: &Journal) {
    for plugin in all {
        let Some(manifest) = &plugin.manifest else {
            continue;
        };
        plugin.crashes = journal.crashes(&manifest.name, &manifest.version);
        if let Some(error) = refusal(journal, &manifest.name, &manifest.version)
            && plugin.state == PluginState::Usable
        {
            plugin.state = PluginState::Refused(error);
        }
    }
}
