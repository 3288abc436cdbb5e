//! Which path of `kt` a service is given.

use std::fs;
use std::path::{Path, PathBuf};

/// Parts of a path that say that it will not be there for long.
const FLEETING: [&str; 3] = ["/tmp/", "/target/", "/nix/store/"];

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

/// A warning about a path that will not be there for long.
pub(crate) fn fleeting(path: &Path) -> Option<String> {
    let text = path.display().to_string();
    FLEETING.iter().any(|part| text.contains(part)).then(|| {
        format!("the service runs `{text}`, which may not stay there; install kt and install the service again")
    })
}

#[cfg(test)]
mod tests {
    use super::{fleeting, stable_path};
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
    fn paths_that_will_go_are_named() {
        assert!(
            fleeting(Path::new("/home/u/kt/target/dist/bin/kt"))
                .unwrap()
                .contains("target")
        );
        assert!(fleeting(Path::new("/tmp/x/kt")).is_some());
        assert_eq!(fleeting(Path::new("/usr/local/bin/kt")), None);
    }
}
