//! The directories and the environment of one test.

use super::command::TestCommand;
use super::paths::dist;
use super::tree::{chmod, chown_tree, copy_tree};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The user that permission tests run `kt` as when the tests themselves run as
/// root. Not 65534: that one has a meaning in user namespaces.
pub(crate) const UNPRIVILEGED: u32 = 61_234;

/// The `PATH` of `kt`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Directories of one test, and an environment with nothing but what is set here:
/// no variable of the user who runs the tests.
pub(crate) struct Sandbox {
    root: TempDir,
    dist: PathBuf,
    user: Option<u32>,
}

impl Sandbox {
    /// A sandbox in which the staged `kt` runs as the user who runs the tests.
    pub(crate) fn new() -> Self {
        Self::with_dist(dist())
    }

    /// A sandbox with a copy of the staged tree that the test may change.
    pub(crate) fn with_own_dist() -> Self {
        let mut sandbox = Self::with_dist(dist());
        sandbox.dist = sandbox.root.path().join("dist");
        copy_tree(&dist(), &sandbox.dist);
        sandbox
    }

    /// A sandbox in which `kt` never runs as root, to whom permissions do not
    /// apply. The staged tree is copied, since it may be where only root can read.
    pub(crate) fn unprivileged() -> Self {
        let mut sandbox = Self::with_own_dist();
        if rustix::process::geteuid().is_root() {
            chmod(sandbox.root.path(), 0o755);
            for dir in DIRS {
                chown_tree(&sandbox.root.path().join(dir), UNPRIVILEGED);
            }
            sandbox.user = Some(UNPRIVILEGED);
        }
        sandbox
    }

    fn with_dist(dist: PathBuf) -> Self {
        // A short name: paths of unix sockets have at most 107 bytes.
        let root = tempfile::Builder::new()
            .prefix("kt-")
            .tempdir()
            .expect("a temporary folder can be created");
        for dir in DIRS {
            fs::create_dir(root.path().join(dir)).expect("folders can be created in it");
        }
        Self {
            root,
            dist,
            user: None,
        }
    }

    /// The root of all directories.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// `KT_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("kt")
    }

    /// The tree that `kt` runs from.
    pub(crate) fn dist(&self) -> &Path {
        &self.dist
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    /// Writes a file in the working directory.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        self.put(&path, content.as_ref());
        path
    }

    /// Writes `config.toml` of kt.
    pub(crate) fn write_settings(&self, content: &str) -> PathBuf {
        let path = self.home().join("config/config.toml");
        self.put(&path, content.as_bytes());
        path
    }

    /// Writes the file of a profile, with mode 0600.
    pub(crate) fn write_profile(&self, name: &str, content: &str) -> PathBuf {
        let path = self.profile(name);
        self.put(&path, content.as_bytes());
        chmod(&path, 0o600);
        path
    }

    /// The path of the file of a profile.
    pub(crate) fn profile(&self, name: &str) -> PathBuf {
        self.home().join(format!("config/profiles/{name}.toml"))
    }

    fn put(&self, path: &Path, content: &[u8]) {
        let dir = path.parent().expect("a file is in a folder");
        fs::create_dir_all(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        fs::write(path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if let Some(uid) = self.user {
            for dir in DIRS {
                chown_tree(&self.root.path().join(dir), uid);
            }
        }
    }

    /// A command of `kt`.
    pub(crate) fn kt<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> TestCommand {
        self.program(&self.dist.join("bin/kt")).args(args)
    }

    /// A command of `kt` with the words of a line.
    pub(crate) fn kt_line(&self, line: &str) -> TestCommand {
        self.kt(line.split_whitespace())
    }

    /// A command of any program in this sandbox.
    pub(crate) fn program(&self, program: &Path) -> TestCommand {
        let root = self.root.path();
        let command = TestCommand::new(program)
            .cwd(&root.join("work"))
            .env("HOME", root.join("home"))
            .env("KT_HOME", root.join("kt"))
            .env("XDG_CONFIG_HOME", root.join("xdg/config"))
            .env("XDG_DATA_HOME", root.join("xdg/data"))
            .env("XDG_STATE_HOME", root.join("xdg/state"))
            .env("XDG_CACHE_HOME", root.join("xdg/cache"))
            .env("TMPDIR", root.join("tmp"))
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8");
        match self.user {
            Some(uid) => command.user(uid),
            None => command,
        }
    }
}

const DIRS: [&str; 5] = ["home", "kt", "xdg", "tmp", "work"];
