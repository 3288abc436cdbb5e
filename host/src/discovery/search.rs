//! The search path for plugins.

use crate::environment::{self, Environment};
use kt_plugin_api::Dirs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where a plugin directory comes from, by precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PluginSource {
    /// `--plugin-dir`.
    Option,
    /// `KT_PLUGIN_PATH`.
    Environment,
    /// The installation of the executable: `../lib/kt/plugins`.
    Bundled,
    /// The system directories.
    System,
    /// `$XDG_DATA_HOME/kt/plugins`.
    User,
}

impl PluginSource {
    /// Returns the name in `kt plugin list`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Option => "option",
            Self::Environment => "environment",
            Self::Bundled => "bundled",
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// A directory of the search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchDir {
    pub(crate) path: PathBuf,
    pub(crate) source: PluginSource,
}

/// The plugin directory that was set at build time, for distributions.
const BUILD_PLUGIN_DIR: Option<&str> = option_env!("KT_PLUGINDIR");

/// Which directories are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchScope {
    /// All of them.
    All,
    /// Those of the installation of kt.
    OnlyBundled,
    /// None.
    NoPlugins,
}

/// Returns the directories to search, in order. A directory with two paths is
/// included once, identified by device and inode.
pub(crate) fn search_path(
    env: &Environment,
    scope: SearchScope,
    options: &[PathBuf],
    dirs: &Dirs,
) -> Vec<SearchDir> {
    match scope {
        SearchScope::All => {}
        SearchScope::OnlyBundled => return without_duplicates(bundled(env)),
        SearchScope::NoPlugins => return Vec::new(),
    }
    let mut all: Vec<SearchDir> = options
        .iter()
        .map(|p| SearchDir {
            path: env.cwd.join(p),
            source: PluginSource::Option,
        })
        .collect();
    if let Some(list) = env.var(environment::PLUGIN_PATH) {
        all.extend(
            list.split(':')
                .filter(|p| !p.is_empty())
                .map(|p| SearchDir {
                    path: env.cwd.join(p),
                    source: PluginSource::Environment,
                }),
        );
    }
    all.extend(bundled(env));
    for dir in ["/usr/local/lib/kt/plugins", "/usr/lib/kt/plugins"] {
        all.push(SearchDir {
            path: PathBuf::from(dir),
            source: PluginSource::System,
        });
    }
    all.push(SearchDir {
        path: dirs.data.join("plugins"),
        source: PluginSource::User,
    });
    without_duplicates(all)
}

/// Returns the directories of the installation: beside the executable, and the one of
/// the distribution.
fn bundled(env: &Environment) -> Vec<SearchDir> {
    let prefix = env.exe.parent().and_then(Path::parent);
    let beside = prefix.map(|prefix| SearchDir {
        path: prefix.join("lib/kt/plugins"),
        source: PluginSource::Bundled,
    });
    let built_in = BUILD_PLUGIN_DIR.map(|dir| SearchDir {
        path: PathBuf::from(dir),
        source: PluginSource::System,
    });
    beside.into_iter().chain(built_in).collect()
}

fn without_duplicates(all: Vec<SearchDir>) -> Vec<SearchDir> {
    let mut seen = Vec::new();
    all.into_iter()
        .filter(|dir| {
            let Ok(meta) = std::fs::metadata(&dir.path) else {
                return true;
            };
            let id = (meta.dev(), meta.ino());
            let is_new = !seen.contains(&id);
            seen.push(id);
            is_new
        })
        .collect()
}
