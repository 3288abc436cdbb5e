//! The directories of kt: the XDG base directories on every Unix, or
//! subdirectories of `KT_HOME`.

#![forbid(unsafe_code)]

use crate::environment::{self, Environment};
use kt_plugin_api::{Class, Dirs, Error};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Resolves the directories; nothing is created.
///
/// # Errors
/// Class `settings` if the home directory cannot be determined.
pub(crate) fn resolve(env: &Environment) -> Result<Dirs, Error> {
    let home = etcetera::home_dir().ok();
    if let Some(root) = env.var(environment::HOME) {
        let root = env.cwd.join(root);
        return Ok(Dirs {
            config: root.join("config"),
            data: root.join("data"),
            state: root.join("state"),
            cache: root.join("cache"),
            runtime: root.join("run"),
            home: home.unwrap_or(root),
        });
    }
    let home = home.ok_or_else(|| {
        Error::new(
            Class::Settings,
            "no-home-directory",
            "cannot determine the home directory",
        )
        .hint("set `HOME`, or set `KT_HOME` to a directory for kt")
    })?;
    let state = xdg(env, "XDG_STATE_HOME", &home, ".local/state");
    Ok(Dirs {
        config: xdg(env, "XDG_CONFIG_HOME", &home, ".config"),
        data: xdg(env, "XDG_DATA_HOME", &home, ".local/share"),
        cache: xdg(env, "XDG_CACHE_HOME", &home, ".cache"),
        // Not every session has a runtime directory; the state directory has
        // the same permissions.
        runtime: absolute_var(env, "XDG_RUNTIME_DIR")
            .map_or_else(|| state.join("run"), |dir| dir.join("kt")),
        state,
        home,
    })
}

/// Returns the cache directory, or a path at which no file can exist if the cache
/// belongs to another user: root under `sudo` must neither leave its files in the
/// home directory of that user nor trust the files there.
pub(crate) fn usable_cache(env: &Environment, dirs: &Dirs) -> PathBuf {
    let me = rustix::process::geteuid();
    let under_sudo = me.is_root() && env.var(environment::SUDO_USER).is_some();
    let nearest = dirs.cache.ancestors().find_map(|dir| dir.metadata().ok());
    let owned = nearest.is_some_and(|m| m.uid() == me.as_raw() || (m.uid() == 0 && !me.is_root()));
    if under_sudo || !owned {
        return PathBuf::from("/dev/null/kt");
    }
    dirs.cache.clone()
}

fn xdg(env: &Environment, var: &str, home: &Path, fallback: &str) -> PathBuf {
    absolute_var(env, var)
        .unwrap_or_else(|| home.join(fallback))
        .join("kt")
}

/// Relative values are ignored, as the XDG specification requires.
fn absolute_var(env: &Environment, var: &str) -> Option<PathBuf> {
    env.var(var).map(PathBuf::from).filter(|p| p.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::{resolve, usable_cache};
    use crate::environment::Environment;
    use std::path::Path;

    #[test]
    fn kt_home_replaces_every_directory() {
        let env = Environment::for_test(&[("KT_HOME", "/x"), ("XDG_STATE_HOME", "/y")]);
        let dirs = resolve(&env).unwrap();
        for dir in [
            &dirs.config,
            &dirs.data,
            &dirs.state,
            &dirs.cache,
            &dirs.runtime,
        ] {
            assert!(dir.starts_with("/x"), "{}", dir.display());
        }
    }

    #[test]
    fn root_under_sudo_uses_no_cache() {
        let home = tempfile::tempdir().unwrap();
        let kt_home = home.path().to_str().unwrap();
        let of = |vars: &[(&str, &str)]| {
            let env = Environment::for_test(vars);
            usable_cache(&env, &resolve(&env).unwrap())
        };
        assert!(of(&[("KT_HOME", kt_home)]).starts_with(kt_home));
        if rustix::process::geteuid().is_root() {
            let under_sudo = of(&[("KT_HOME", kt_home), ("SUDO_USER", "ann")]);
            assert!(!under_sudo.starts_with(kt_home));
            std::os::unix::fs::chown(home.path(), Some(4711), None).unwrap();
            assert!(!of(&[("KT_HOME", kt_home)]).starts_with(kt_home));
        }
    }

    #[test]
    fn relative_xdg_values_are_ignored() {
        let env = Environment::for_test(&[("XDG_STATE_HOME", "rel"), ("XDG_CACHE_HOME", "/c")]);
        let dirs = resolve(&env).unwrap();
        assert!(dirs.state.is_absolute() && dirs.state.ends_with(".local/state/kt"));
        assert_eq!(dirs.cache, Path::new("/c/kt"));
    }
}
