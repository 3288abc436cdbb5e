//! The search path for plugins.

use crate::environment::{self, Environment};
use kt_plugin_api::Dirs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where a directory stands in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// `--plugin-dir`.
    Option,
    /// `KT_PLUGIN_PATH`.
    Environment,
    /// Beside the executable: `../lib/kt/plugins`.
    Bundled,
    /// The system's directories.
    System,
    /// `$XDG_DATA_HOME/kt/plugins`.
    User,
}

impl Tier {
    /// The word for it in `kt plugin list`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Option => "option",
            Self::Environment => "environment",
            Self::Bundled => "bundled",
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// One directory of the search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchDir {
    pub(crate) path: PathBuf,
    pub(crate) tier: Tier,
}

/// The library directory that the build names, for distributions.
const BUILD_PLUGIN_DIR: Option<&str> = option_env!("KT_PLUGINDIR");

/// Every directory to search, in order. The same directory under two names
/// (by device and inode) stands once.
pub(crate) fn search_path(env: &Environment, given: &[PathBuf], dirs: &Dirs) -> Vec<SearchDir> {
    let mut all: Vec<SearchDir> = given
        .iter()
        .map(|p| SearchDir {
            path: env.cwd.join(p),
            tier: Tier::Option,
        })
        .collect();
    if let Some(list) = env.var(environment::PLUGIN_PATH) {
        all.extend(
            list.split(':')
                .filter(|p| !p.is_empty())
                .map(|p| SearchDir {
                    path: env.cwd.join(p),
                    tier: Tier::Environment,
                }),
        );
    }
    if let Some(prefix) = env.exe.parent().and_then(Path::parent) {
        all.push(SearchDir {
            path: prefix.join("lib/kt/plugins"),
            tier: Tier::Bundled,
        });
    }
    for dir in BUILD_PLUGIN_DIR
        .into_iter()
        .chain(["/usr/local/lib/kt/plugins", "/usr/lib/kt/plugins"])
    {
        all.push(SearchDir {
            path: PathBuf::from(dir),
            tier: Tier::System,
        });
    }
    all.push(SearchDir {
        path: dirs.data.join("plugins"),
        tier: Tier::User,
    });
    without_repeats(all)
}

fn without_repeats(all: Vec<SearchDir>) -> Vec<SearchDir> {
    let mut seen = Vec::new();
    all.into_iter()
        .filter(|dir| {
            let Ok(meta) = std::fs::metadata(&dir.path) else {
                return true;
            };
            let id = (meta.dev(), meta.ino());
            let fresh = !seen.contains(&id);
            seen.push(id);
            fresh
        })
        .collect()
}
