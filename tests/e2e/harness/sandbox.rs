//! The world of one test.

use super::paths::dist;
use super::run::Run;
use super::tree::{chmod, chown_tree, copy_tree};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The user that permission tests run `kt` as when the tests themselves run as
/// root. Not 65534: that one has a meaning in user namespaces.
pub(crate) const UNPRIVILEGED: u32 = 61_234;

/// The programs that `kt` may find.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Own directories and an environment of nothing but what is set here. No
/// variable of the person who runs the tests gets in.
pub(crate) struct Sandbox {
    root: TempDir,
    dist: PathBuf,
    user: Option<u32>,
}

impl Sandbox {
    /// A world in which the staged `kt` runs as whoever runs the tests.
    pub(crate) fn new() -> Self {
        Self::with_dist(dist())
    }

    /// A world with a copy of the staged tree that the test may take apart.
    pub(crate) fn with_own_dist() -> Self {
        let mut sandbox = Self::with_dist(dist());
        sandbox.dist = sandbox.root.path().join("dist");
        copy_tree(&dist(), &sandbox.dist);
        sandbox
    }

    /// A world in which `kt` never runs as root: root may do everything, so
    /// what permissions keep one from doing must be tried by someone else. The
    /// staged tree is copied, since it may lie where only root can read.
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
        // A short name: paths of unix sockets end after 107 bytes.
        let root = tempfile::Builder::new()
            .prefix("kt-")
            .tempdir()
            .expect("the temporary directory takes a folder");
        for dir in DIRS {
            fs::create_dir(root.path().join(dir)).expect("a new folder takes folders");
        }
        Self {
            root,
            dist,
            user: None,
        }
    }

    /// The folder of everything.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// `KT_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("kt")
    }

    /// The tree that `kt` is run from.
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

    /// Writes the file of a profile, as private as it must be.
    pub(crate) fn write_profile(&self, name: &str, content: &str) -> PathBuf {
        let path = self.profile(name);
        self.put(&path, content.as_bytes());
        chmod(&path, 0o600);
        path
    }

    /// Where the file of a profile is.
    pub(crate) fn profile(&self, name: &str) -> PathBuf {
        self.home().join(format!("config/profiles/{name}.toml"))
    }

    fn put(&self, path: &Path, content: &[u8]) {
        let dir = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        fs::write(path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if let Some(uid) = self.user {
            for dir in DIRS {
                chown_tree(&self.root.path().join(dir), uid);
            }
        }
    }

    /// A run of `kt`.
    pub(crate) fn kt<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Run {
        self.program(&self.dist.join("bin/kt")).args(args)
    }

    /// A run of `kt` with the words of a line.
    pub(crate) fn kt_line(&self, line: &str) -> Run {
        self.kt(line.split_whitespace())
    }

    /// A run of any program in this world.
    pub(crate) fn program(&self, program: &Path) -> Run {
        let root = self.root.path();
        let run = Run::new(program)
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
            Some(uid) => run.user(uid),
            None => run,
        }
    }
}

const DIRS: [&str; 5] = ["home", "kt", "xdg", "tmp", "work"];
