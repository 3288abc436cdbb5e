//! Where a service lies, and how the programs of s6 are called.
//!
//! The person's `s6-svscan` runs over `~/.local/share/s6/scan`. The service's
//! own directory lies beside it, in `~/.local/share/s6/sv`, and is linked into
//! the scan directory once it is whole: s6-svscan may look at any moment, and
//! would start what is half written.

use kt_plugin_api::service::{ExecSpec, SystemInfo, ServiceName};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How long a call that waits for nothing may take, milliseconds. Such calls
/// take 3 to 20; the margin is for a machine under load.
pub(crate) const QUICK_MS: u64 = 10_000;
/// How long `status` waits for an answer, milliseconds.
pub(crate) const LOOK_MS: u64 = 2_000;

/// The directory that the person's `s6-svscan` runs over.
pub(crate) fn scan_dir(system: &SystemInfo) -> PathBuf {
    system.home.join(".local/share/s6/scan")
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// `kt-gateway`, or `kt-gateway-edge`.
    pub(crate) name: String,
    /// The scan directory.
    pub(crate) scan: PathBuf,
    /// The service directory.
    pub(crate) dir: PathBuf,
    /// The entry of the scan directory that leads to it.
    pub(crate) entry: PathBuf,
}

impl Place {
    pub(crate) fn new(system: &SystemInfo, family: &str, service: &ServiceName) -> Self {
        let (name, scan) = (service.within(family, '-'), scan_dir(system));
        Self {
            dir: system.home.join(".local/share/s6/sv").join(&name),
            entry: scan.join(&name),
            scan,
            name,
        }
    }

    /// A file of the service directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// A path as an argument. Paths came as text, so nothing is lost.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A call of a program. Those of s6 speak no other language than English, so
/// the environment is left alone.
pub(crate) fn call(words: &[&str], timeout_ms: u64) -> ExecSpec {
    ExecSpec::new(words, BTreeMap::new(), timeout_ms)
}
