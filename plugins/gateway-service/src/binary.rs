//! Which path of `kt` a service is given.

use kt_plugin_api::{Class, Error};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Parts of a path that say that it will not be there for long.
const FLEETING: [&str; 6] = [
    "/tmp/",
    "/target/",
    "/nix/store/",
    "/Cellar/",
    "/.cache/",
    "/_npx/",
];

/// The stable name of the running executable: the entry of `PATH` that leads to
/// it, so that an upgrade which moves a link is followed; else its own path.
pub(crate) fn stable_path(exe: &Path, path: &[PathBuf]) -> PathBuf {
    let (Some(name), Ok(real)) = (exe.file_name(), fs::canonicalize(exe)) else {
        return exe.to_owned();
    };
    path.iter()
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|candidate| fs::canonicalize(candidate).is_ok_and(|there| there == real))
        .unwrap_or_else(|| exe.to_owned())
}

/// The executable that a service is given: the wanted one, or this one by its
/// stable name.
///
/// # Errors
/// Class `usage`: a path that will not be there for long, unless it was asked
/// for; one that is not an executable file.
pub(crate) fn choose(
    wanted: Option<PathBuf>,
    exe: &Path,
    path: &[PathBuf],
) -> Result<PathBuf, Error> {
    if let Some(wanted) = wanted {
        let runnable =
            fs::metadata(&wanted).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if !wanted.is_absolute() || !runnable {
            let message = format!("`{}` is not an executable file", wanted.display());
            return Err(Error::new(Class::Usage, "executable-unusable", message)
                .hint("name kt by its absolute path"));
        }
        return Ok(wanted);
    }
    let stable = stable_path(exe, path);
    match fleeting(&stable) {
        None => Ok(stable),
        Some(why) => Err(Error::new(
            Class::Usage,
            "binary-unstable",
            format!("a service cannot rely on `{}`", stable.display()),
        )
        .cause(why)
        .hint("install kt first (`make install PREFIX=\"$HOME/.local\"`), and run that one")
        .hint("`--executable PATH` names the kt that the service is to run")),
    }
}

/// StepError a path will not be there for long.
pub(crate) fn fleeting(path: &Path) -> Option<String> {
    let text = path.display().to_string();
    let part = FLEETING.iter().find(|part| text.contains(*part))?;
    Some(format!(
        "what lies under `{}` may be gone tomorrow",
        part.trim_end_matches('/')
    ))
}

#[cfg(test)]
mod tests {
    use super::{choose, fleeting, stable_path};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    #[test]
    fn a_link_on_the_path_is_better_than_what_it_leads_to() {
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
        fs::write(other.join("kt"), "another kt").unwrap();
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
    fn paths_that_will_go_are_refused_unless_asked_for() {
        for path in [
            "/home/u/kt/target/dist/bin/kt",
            "/tmp/x/kt",
            "/opt/homebrew/Cellar/kt/1.2/bin/kt",
            "/nix/store/abc-kt/bin/kt",
            "/home/u/.npm/_npx/1/kt",
        ] {
            assert!(fleeting(Path::new(path)).is_some(), "{path}");
            let error = choose(None, Path::new(path), &[]).unwrap_err();
            assert_eq!(error.id, "binary-unstable");
        }
        let stable = choose(None, Path::new("/usr/local/bin/kt"), &[]).unwrap();
        assert_eq!(stable, Path::new("/usr/local/bin/kt"));
        let asked = choose(Some("/bin/sh".into()), Path::new("/tmp/x/kt"), &[]).unwrap();
        assert_eq!(asked, Path::new("/bin/sh"));
        for wrong in ["bin/sh", "/nowhere/kt", "/etc/passwd", "/etc"] {
            let error = choose(Some(wrong.into()), Path::new("/usr/bin/kt"), &[]).unwrap_err();
            assert_eq!(error.id, "executable-unusable", "{wrong}");
        }
    }
}
