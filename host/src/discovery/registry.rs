//! Every plugin that was found, and which of them may be used.

use super::catalog::Catalog;
use super::index::Index;
use super::search::{SearchDir, Tier};
use super::{parse, trust};
use kt_plugin_api::manifest::{CommandSpec, Manifest, ProvidesSpec};
use kt_plugin_api::{Class, Error};
use std::path::{Path, PathBuf};

/// Name of the manifest in a plugin's folder.
pub(crate) const MANIFEST: &str = "plugin.toml";
/// A manifest larger than this is none.
const MAX_MANIFEST: u64 = 1024 * 1024;

/// Whether a plugin may be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// It may.
    Ok,
    /// Another copy of the same plugin comes first.
    Shadowed(PathBuf),
    /// It cannot be loaded on this operating system.
    OtherPlatform,
    /// It may not, for this reason.
    Refused(Error),
}

/// One plugin folder.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Where it was found.
    pub(crate) tier: Tier,
    /// Its manifest; absent when it could not be read.
    pub(crate) manifest: Option<Manifest>,
    /// Whether it may be used.
    pub(crate) state: State,
}

impl Found {
    /// The plugin's name, or its folder's where there is no manifest.
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

    /// The library's path.
    pub(crate) fn library(&self) -> Option<PathBuf> {
        Some(
            self.dir
                .join(self.manifest.as_ref()?.library_file(std::env::consts::OS)),
        )
    }
}

/// Every plugin found on the search path.
pub(crate) struct Registry {
    /// In search order.
    pub(crate) all: Vec<Found>,
    /// What is not installed.
    pub(crate) catalog: Catalog,
}

impl Registry {
    /// Scans the search path. What is wrong with one plugin never keeps
    /// another from being used.
    pub(crate) fn scan(path: &[SearchDir], cache: &Path, allow_shadow: &[String]) -> Self {
        let mut index = Index::open(cache);
        let mut all = Vec::new();
        for dir in path {
            for folder in folders(&dir.path) {
                if let Some(found) = read(&folder, dir.tier, &mut index) {
                    all.push(found);
                }
            }
        }
        index.save();
        prefer_allowed_shadows(&mut all, allow_shadow);
        mark_shadowed(&mut all);
        refuse_claims(&mut all);
        Self {
            all,
            catalog: Catalog::read(path),
        }
    }

    /// The plugins that may be used.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (&Found, &Manifest)> {
        self.all
            .iter()
            .filter(|f| f.state == State::Ok)
            .filter_map(|f| Some((f, f.manifest.as_ref()?)))
    }

    /// The usable plugin of this name.
    pub(crate) fn plugin(&self, name: &str) -> Option<(&Found, &Manifest)> {
        self.usable().find(|(_, m)| m.name == name)
    }

    /// The plugin whose command this is.
    pub(crate) fn command(&self, path: &[String]) -> Option<(&Found, &Manifest, &CommandSpec)> {
        self.usable().find_map(|(f, m)| {
            m.commands
                .iter()
                .find(|c| c.path == path)
                .map(|command| (f, m, command))
        })
    }

    /// Every usable provider of an interface.
    pub(crate) fn providers<'a>(
        &'a self,
        interface: &'a str,
    ) -> impl Iterator<Item = (&'a Found, &'a Manifest, &'a ProvidesSpec)> {
        self.usable().flat_map(move |(f, m)| {
            m.provides
                .iter()
                .filter(move |p| p.interface == interface)
                .map(move |p| (f, m, p))
        })
    }
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    folders
}

fn read(folder: &Path, tier: Tier, index: &mut Index) -> Option<Found> {
    let path = folder.join(MANIFEST);
    let meta = std::fs::metadata(&path).ok()?;
    let manifest = if meta.is_file() && meta.len() <= MAX_MANIFEST {
        trust::check_file(&path, &meta).and_then(|()| manifest_of(&path, &meta, index))
    } else {
        Err(Error::new(
            Class::Plugin,
            "bad-manifest",
            format!("`{}` is no file of a sane size", path.display()),
        ))
    };
    let found = |manifest, state| {
        Some(Found {
            dir: folder.to_owned(),
            tier,
            manifest,
            state,
        })
    };
    match manifest {
        Err(error) => found(None, State::Refused(error)),
        Ok(m) if !m.supports_os(std::env::consts::OS) => found(Some(m), State::OtherPlatform),
        Ok(m) => found(Some(m), State::Ok),
    }
}

fn manifest_of(
    path: &Path,
    meta: &std::fs::Metadata,
    index: &mut Index,
) -> Result<Manifest, Error> {
    if let Some(known) = index.get(path, meta) {
        return Ok(known);
    }
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::new(
            Class::Plugin,
            "bad-manifest",
            format!("cannot read `{}`", path.display()),
        )
        .cause(e)
    })?;
    let manifest = parse::parse(path, &text)?;
    index.put(path, meta, &manifest);
    Ok(manifest)
}

/// A user's copy that the settings allow to shadow comes before the others.
fn prefer_allowed_shadows(all: &mut [Found], allow_shadow: &[String]) {
    all.sort_by_key(|f| !(f.tier == Tier::User && allow_shadow.contains(&f.name())));
}

fn mark_shadowed(all: &mut [Found]) {
    for i in 1..all.len() {
        let (before, rest) = all.split_at_mut(i);
        let Some(later) = rest.first_mut() else {
            continue;
        };
        if later.state != State::Ok {
            continue;
        }
        let first = before
            .iter()
            .find(|f| f.state == State::Ok && f.name() == later.name());
        if let Some(first) = first {
            later.state = State::Shadowed(first.dir.clone());
        }
    }
}

/// A second plugin that claims a command or a provider name is refused.
fn refuse_claims(all: &mut [Found]) {
    for i in 1..all.len() {
        let (before, rest) = all.split_at_mut(i);
        let Some(later) = rest.first_mut() else {
            continue;
        };
        let (State::Ok, Some(mine)) = (&later.state, &later.manifest) else {
            continue;
        };
        let clash = before
            .iter()
            .filter(|f| f.state == State::Ok)
            .find_map(|f| claim(f.manifest.as_ref()?, mine).map(|what| (what, f)));
        if let Some((what, first)) = clash {
            let error = Error::new(
                Class::Plugin,
                "plugin-claims-taken",
                format!(
                    "plugin `{}` claims {what}, which belongs to `{}`",
                    later.name(),
                    first.name()
                ),
            )
            .cause(format!("first: `{}`", first.dir.display()))
            .cause(format!("second: `{}`", later.dir.display()))
            .hint("remove one of the two folders");
            later.state = State::Refused(error);
        }
    }
}

/// What both manifests claim, or where they contradict each other.
fn claim(first: &Manifest, second: &Manifest) -> Option<String> {
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
        // Only selectable providers need unique names; doctors may repeat.
        return Some(format!("provider `{}` of `{}`", p.name, p.interface));
    }
    let differs = |g: &&kt_plugin_api::manifest::GroupSpec| {
        first.groups.iter().any(|o| o.path == g.path && o != *g)
    };
    if let Some(group) = second.groups.iter().find(differs) {
        return Some(format!(
            "another description of the group `{}`",
            group.path.join(" ")
        ));
    }
    let differs = |s: &&kt_plugin_api::manifest::SettingSpec| {
        first.settings.iter().any(|o| o.key == s.key && o != *s)
    };
    second
        .settings
        .iter()
        .find(differs)
        .map(|s| format!("another meaning of the setting `{}`", s.key))
}
