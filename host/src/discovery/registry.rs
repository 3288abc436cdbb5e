//! The plugins on the search path, and which of them can be used.

use super::catalog::Catalog;
use super::groups::note_differing_groups;
use super::index::Index;
use super::manifest::ParsedManifest;
use super::search::{PluginSource, SearchDir};
use super::{manifest, trust};
use kt_plugin_api::manifest::{CommandSpec, Manifest, ProvidesSpec};
use kt_plugin_api::{Class, Error};
use std::path::{Path, PathBuf};

/// The name of the manifest in the directory of a plugin.
const MANIFEST: &str = "plugin.toml";
/// A larger file is not a manifest.
const MAX_MANIFEST: u64 = 1024 * 1024;

/// Whether a plugin can be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PluginState {
    /// It can be used.
    Usable,
    /// Another copy of the plugin has precedence.
    Shadowed(PathBuf),
    /// It cannot be loaded on this operating system.
    UnsupportedPlatform,
    /// It cannot be used, for this reason.
    Refused(Error),
}

/// A plugin on the search path.
#[derive(Debug, Clone)]
pub(crate) struct DiscoveredPlugin {
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// Where the directory comes from.
    pub(crate) source: PluginSource,
    /// Its manifest, if it is valid.
    pub(crate) manifest: Option<Manifest>,
    /// Whether it can be used.
    pub(crate) state: PluginState,
    /// What is ignored in its manifest.
    pub(crate) notes: Vec<String>,
}

impl DiscoveredPlugin {
    /// Returns the name of the plugin, or of its directory without a manifest.
    pub(crate) fn name(&self) -> String {
        self.manifest.as_ref().map_or_else(
            || {
                self.dir
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            },
            |m| m.name.clone(),
        )
    }

    /// Returns the path of the library or the program.
    pub(crate) fn library(&self) -> Option<PathBuf> {
        Some(
            self.dir
                .join(self.manifest.as_ref()?.code_file(std::env::consts::OS)),
        )
    }
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
    pub(crate) fn scan(path: &[SearchDir], cache: &Path, allow_shadow: &[String]) -> Self {
        let mut index = Index::open(cache);
        let mut all = Vec::new();
        for dir in path {
            for plugin_dir in subdirectories(&dir.path) {
                if let Some(plugin) = read(&plugin_dir, dir.source, &mut index) {
                    all.push(plugin);
                }
            }
        }
        index.save();
        prefer_allowed_shadows(&mut all, allow_shadow);
        mark_shadowed(&mut all);
        refuse_conflicts(&mut all);
        note_differing_groups(&mut all);
        Self {
            all,
            catalog: Catalog::read(path),
        }
    }

    /// Returns the plugins that can be used.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (&DiscoveredPlugin, &Manifest)> {
        self.all
            .iter()
            .filter(|f| f.state == PluginState::Usable)
            .filter_map(|f| Some((f, f.manifest.as_ref()?)))
    }

    /// Returns the usable plugin with this name.
    pub(crate) fn plugin(&self, name: &str) -> Option<(&DiscoveredPlugin, &Manifest)> {
        self.usable().find(|(_, m)| m.name == name)
    }

    /// Returns a command and its plugin.
    pub(crate) fn command(
        &self,
        path: &[String],
    ) -> Option<(&DiscoveredPlugin, &Manifest, &CommandSpec)> {
        self.usable().find_map(|(f, m)| {
            m.commands
                .iter()
                .find(|c| c.path == path)
                .map(|command| (f, m, command))
        })
    }

    /// Returns the usable providers of an interface.
    pub(crate) fn providers<'a>(
        &'a self,
        interface: &'a str,
    ) -> impl Iterator<Item = (&'a DiscoveredPlugin, &'a Manifest, &'a ProvidesSpec)> {
        self.usable().flat_map(move |(f, m)| {
            m.provides
                .iter()
                .filter(move |p| p.interface == interface)
                .map(move |p| (f, m, p))
        })
    }
}

fn subdirectories(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut subdirectories: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    subdirectories.sort();
    subdirectories
}

fn read(dir: &Path, source: PluginSource, index: &mut Index) -> Option<DiscoveredPlugin> {
    let path = dir.join(MANIFEST);
    let meta = std::fs::metadata(&path).ok()?;
    let manifest = if meta.is_file() && meta.len() <= MAX_MANIFEST {
        trust::check_trust(&path, &meta).and_then(|()| read_manifest(&path, &meta, index))
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
        Ok(parsed) => {
            let state = if parsed.manifest.supports_os(std::env::consts::OS) {
                PluginState::Usable
            } else {
                PluginState::UnsupportedPlatform
            };
            (Some(parsed.manifest), parsed.notes, state)
        }
    };
    Some(DiscoveredPlugin {
        dir: dir.to_owned(),
        source,
        manifest,
        state,
        notes,
    })
}

fn read_manifest(
    path: &Path,
    meta: &std::fs::Metadata,
    index: &mut Index,
) -> Result<ParsedManifest, Error> {
    if let Some(cached) = index.get(path, meta) {
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
    index.insert(path, meta, &parsed);
    Ok(parsed)
}

/// Moves the user's copies that the settings allow to shadow others to the front.
fn prefer_allowed_shadows(all: &mut [DiscoveredPlugin], allow_shadow: &[String]) {
    all.sort_by_key(|f| !(f.source == PluginSource::User && allow_shadow.contains(&f.name())));
}

fn mark_shadowed(all: &mut [DiscoveredPlugin]) {
    for i in 1..all.len() {
        let (before, rest) = all.split_at_mut(i);
        let Some(later) = rest.first_mut() else {
            continue;
        };
        if later.state != PluginState::Usable {
            continue;
        }
        let first = before
            .iter()
            .find(|f| f.state == PluginState::Usable && f.name() == later.name());
        if let Some(first) = first {
            later.state = PluginState::Shadowed(first.dir.clone());
        }
    }
}

/// Refuses each plugin that declares a command or a provider of a plugin before it.
fn refuse_conflicts(all: &mut [DiscoveredPlugin]) {
    for i in 1..all.len() {
        let (before, rest) = all.split_at_mut(i);
        let Some(later) = rest.first_mut() else {
            continue;
        };
        let (PluginState::Usable, Some(manifest)) = (&later.state, &later.manifest) else {
            continue;
        };
        let conflict = before
            .iter()
            .filter(|f| f.state == PluginState::Usable)
            .find_map(|f| conflict(f.manifest.as_ref()?, manifest).map(|what| (what, f)));
        if let Some((what, first)) = conflict {
            let error = Error::new(
                Class::Plugin,
                "plugin-conflict",
                format!(
                    "plugin `{}` declares {what}, which plugin `{}` already declares",
                    later.name(),
                    first.name()
                ),
            )
            .cause(format!("first: `{}`", first.dir.display()))
            .cause(format!("second: `{}`", later.dir.display()))
            .hint("remove one of the two directories");
            later.state = PluginState::Refused(error);
        }
    }
}

/// Returns what both manifests declare, or declare differently.
fn conflict(first: &Manifest, second: &Manifest) -> Option<String> {
    let command = second
        .commands
        .iter()
        .find(|c| first.commands.iter().any(|o| o.path == c.path));
    if let Some(command) = command {
        return Some(format!("the command `{}`", command.path.join(" ")));
    }
    let same = |a: &ProvidesSpec, b: &ProvidesSpec| a.interface == b.interface && a.name == b.name;
    if let Some(p) = second
        .provides
        .iter()
        .find(|p| first.provides.iter().any(|o| same(o, p)))
    {
        return Some(format!("the provider `{}` of `{}`", p.name, p.interface));
    }
    let differs = |s: &&kt_plugin_api::manifest::SettingSpec| {
        first.settings.iter().any(|o| o.key == s.key && o != *s)
    };
    second
        .settings
        .iter()
        .find(differs)
        .map(|s| format!("a different version of the setting `{}`", s.key))
}
