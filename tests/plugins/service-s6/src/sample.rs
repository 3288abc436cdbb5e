//! A person and a service, for tests.

use kt_plugin_api::service::{SystemInfo, ServiceSpec};
use std::path::Path;

pub(crate) fn system(home: &Path) -> SystemInfo {
    SystemInfo {
        os: "linux".to_owned(),
        uid: 1000,
        user: "ann".to_owned(),
        home: home.to_owned(),
        ..SystemInfo::default()
    }
}

pub(crate) fn spec(exec: &[&str]) -> ServiceSpec {
    ServiceSpec {
        family: "kt-gateway".to_owned(),
        description: "kt AI gateway (default)".to_owned(),
        generator: "kt 0.1.0".to_owned(),
        exec: exec.iter().map(|&w| w.to_owned()).collect(),
        park_exit_codes: vec![2, 78],
        start_timeout_s: 60,
        stop_timeout_s: 45,
        open_files: 64,
        ..ServiceSpec::default()
    }
}
