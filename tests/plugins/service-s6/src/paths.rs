//! The paths of a service, and calls of programs.
//!
//! A service directory is linked into the scan directory when it is complete,
//! because s6-svscan may scan at any time.

use kt_plugin_api::service::{ExecSpec, ServiceName, SystemInfo};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Timeout of a call that does not wait for the service, in milliseconds.
pub(crate) const CALL_TIMEOUT_MS: u64 = 10_000;
/// Timeout of a probe, in milliseconds.
pub(crate) const PROBE_TIMEOUT_MS: u64 = 2_000;

pub(crate) fn scan_dir(system: &SystemInfo) -> PathBuf {
    system.home.join(".local/share/s6/scan")
}

pub(crate) struct Paths {
    /// `kt-gateway`, or `kt-gateway-edge`.
    pub(crate) name: String,
    pub(crate) scan: PathBuf,
    /// The service directory.
    pub(crate) dir: PathBuf,
    /// The link in the scan directory.
    pub(crate) entry: PathBuf,
}

impl Paths {
    pub(crate) fn new(system: &SystemInfo, family: &str, service: &ServiceName) -> Self {
        let (name, scan) = (service.qualify(family, '-'), scan_dir(system));
        Self {
            dir: system.home.join(".local/share/s6/sv").join(&name),
            entry: scan.join(&name),
            scan,
            name,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// A path as an argument. Requests are JSON, so all paths are UTF-8.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

pub(crate) fn call(argv: &[&str], timeout_ms: u64) -> ExecSpec {
    ExecSpec::new(argv, BTreeMap::new(), timeout_ms)
}
