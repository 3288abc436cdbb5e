//! Where kt keeps things: the XDG base directories on every Unix, or all of
//! them under `KT_HOME`.

#![forbid(unsafe_code)]

use crate::environment::{self, Environment};
use kt_plugin_api::{Class, Dirs, Error};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Resolves the directories; nothing is created.
///
/// # Errors
/// Class `settings` when there is no home directory to start from.
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
        Error::new(Class::Settings, "no-home", "no home directory is known")
            .hint("set `HOME`, or `KT_HOME` to a directory that kt may use")
    })?;
    let state = xdg(env, "XDG_STATE_HOME", &home, ".local/state");
    Ok(Dirs {
        config: xdg(env, "XDG_CONFIG_HOME", &home, ".config"),
        data: xdg(env, "XDG_DATA_HOME", &home, ".local/share"),
        cache: xdg(env, "XDG_CACHE_HOME", &home, ".cache"),
        // Not every session has a runtime directory; the state directory is
        // as private and always there.
        runtime: absolute_var(env, "XDG_RUNTIME_DIR")
            .map_or_else(|| state.join("run"), |dir| dir.join("kt")),
        state,
        home,
    })
}

/// Where kt's own shortcuts are kept, or a place where nothing can be: nobody
/// finds files of another user in a home, and nobody believes them.
pub(crate) fn usable_cache(env: &Environment, dirs: &Dirs) -> PathBuf {
    let me = rustix::process::geteuid();
    let borrowed = me.is_root() && env.var(environment::SUDO_USER).is_some();
    let nearest = dirs.cache.ancestors().find_map(|dir| dir.metadata().ok());
    let own = nearest.is_some_and(|m| m.uid() == me.as_raw() || (m.uid() == 0 && !me.is_root()));
    if borrowed || !own {
        return PathBuf::from("/dev/null/kt");
    }
    dirs.cache.clone()
}

fn xdg(env: &Environment, var: &str, home: &Path, fallback: &str) -> PathBuf {
    absolute_var(env, var)
        .unwrap_or_else(|| home.join(fallback))
        .join("kt")
}

/// The specification tells to ignore relative values.
fn absolute_var(env: &Environment, var: &str) -> Option<PathBuf> {
    env.var(var).map(PathBuf::from).filter(|p| p.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::{resolve, usable_cache};
    use crate::environment::Environment;
    use std::path::Path;

    #[test]
    fn kt_home_moves_everything() {
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
    fn a_borrowed_root_keeps_no_cache() {
        let home = tempfile::tempdir().unwrap();
        let kt_home = home.path().to_str().unwrap();
        let of = |vars: &[(&str, &str)]| {
            let env = Environment::for_test(vars);
            usable_cache(&env, &resolve(&env).unwrap())
        };
        assert!(of(&[("KT_HOME", kt_home)]).starts_with(kt_home));
        if rustix::process::geteuid().is_root() {
            let borrowed = of(&[("KT_HOME", kt_home), ("SUDO_USER", "ann")]);
            assert!(!borrowed.starts_with(kt_home));
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
