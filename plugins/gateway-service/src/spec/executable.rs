//! The executable that a service runs.

use crate::system::Environment;
use kt_plugin_api::{Class, Error, Invocation};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Parts of paths that are temporary or specific to one version.
const UNSTABLE_PATHS: [&str; 6] = [
    "/tmp/",
    "/target/",
    "/nix/store/",
    "/Cellar/",
    "/.cache/",
    "/_npx/",
];

/// Returns the executable that `requested`, the value of `--executable`, names, or this
/// kt.
///
/// # Errors
/// Class `usage`: the path is not stable and was not requested explicitly, or it is
/// not an executable file.
pub(crate) fn requested_executable(
    requested: Option<&Path>,
    invocation: &Invocation,
    env: &Environment,
) -> Result<PathBuf, Error> {
    let requested = requested.map(|path| invocation.resolve_path(path));
    resolve(requested, &invocation.exe, &env.path)
}

/// Returns the stable path of the running executable: the entry of `PATH` that
/// resolves to it, so that an upgrade that changes a symbolic link takes effect;
/// otherwise its own path.
pub(crate) fn stable_path(exe: &Path, path: &[PathBuf]) -> PathBuf {
    let (Some(name), Ok(target)) = (exe.file_name(), fs::canonicalize(exe)) else {
        return exe.to_owned();
    };
    path.iter()
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|candidate| fs::canonicalize(candidate).is_ok_and(|path| path == target))
        .unwrap_or_else(|| exe.to_owned())
}

fn resolve(requested: Option<PathBuf>, exe: &Path, path: &[PathBuf]) -> Result<PathBuf, Error> {
    if let Some(requested) = requested {
        let executable = fs::metadata(&requested)
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if !requested.is_absolute() || !executable {
            let message = format!("`{}` is not an executable file", requested.display());
            return Err(Error::new(Class::Usage, "executable-unusable", message)
                .hint("specify the absolute path of kt"));
        }
        return Ok(requested);
    }
    let stable = stable_path(exe, path);
    match unstable_reason(&stable) {
        None => Ok(stable),
        Some(reason) => Err(Error::new(
            Class::Usage,
            "executable-unstable",
            format!("a service cannot rely on `{}`", stable.display()),
        )
        .cause(reason)
        .hint(
            "install kt first (`make install PREFIX=\"$HOME/.local\"`), and run the installed one",
        )
        .hint("`--executable PATH` specifies the kt that the service runs")),
    }
}

/// Returns the reason why a path is not stable.
fn unstable_reason(path: &Path) -> Option<String> {
    let text = path.display().to_string();
    let part = UNSTABLE_PATHS.iter().find(|part| text.contains(*part))?;
    Some(format!(
        "files under `{}` are temporary or change with each version",
        part.trim_end_matches('/')
    ))
}

#[cfg(test)]
mod tests {
    use super::{resolve, stable_path, unstable_reason};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    #[test]
    fn a_link_on_the_path_is_preferred_to_its_target() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (cellar, bin, other) = (
            root.join("cellar/1.2"),
            root.join("bin"),
            root.join("other"),
        );
        for dir in [&cellar, &bin, &other] {
            fs::create_dir_all(dir).unwrap();
        }
        let exe = cellar.join("kt");
        fs::write(&exe, "").unwrap();
        fs::write(other.join("kt"), "another version").unwrap();
        symlink(&exe, bin.join("kt")).unwrap();
        let path = [other, bin.clone()];
        assert_eq!(stable_path(&exe, &path), bin.join("kt"));
        assert_eq!(stable_path(&exe, &path[..1]), exe);
        assert_eq!(
            stable_path(Path::new("/nowhere/kt"), &path),
            Path::new("/nowhere/kt")
        );
    }

    #[test]
    fn unstable_paths_are_refused_unless_requested() {
        for path in [
            "/home/u/kt/target/dist/bin/kt",
            "/tmp/x/kt",
            "/opt/homebrew/Cellar/kt/1.2/bin/kt",
            "/nix/store/abc-kt/bin/kt",
            "/home/u/.npm/_npx/1/kt",
        ] {
            assert!(unstable_reason(Path::new(path)).is_some(), "{path}");
            let error = resolve(None, Path::new(path), &[]).unwrap_err();
            assert_eq!(error.id, "executable-unstable");
        }
        let stable = resolve(None, Path::new("/usr/local/bin/kt"), &[]).unwrap();
        assert_eq!(stable, Path::new("/usr/local/bin/kt"));
        let requested = resolve(Some("/bin/sh".into()), Path::new("/tmp/x/kt"), &[]).unwrap();
        assert_eq!(requested, Path::new("/bin/sh"));
        for invalid in ["bin/sh", "/nowhere/kt", "/etc/passwd", "/etc"] {
            let error = resolve(Some(invalid.into()), Path::new("/usr/bin/kt"), &[]).unwrap_err();
            assert_eq!(error.id, "executable-unusable", "{invalid}");
        }
    }
}
