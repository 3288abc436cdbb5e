//! A service context over the fakes, for tests.

use super::fake_backend::FakeBackend;
use super::service_context::{FAMILY, ServiceContext};
use crate::record::{Record, Records};
use crate::system::fake_system::FakeSystem;
use kt_plugin_api::Dirs;
use kt_plugin_api::service::{ServiceBackend, ServiceName, SystemInfo};
use std::path::Path;

pub(crate) use super::fake_backend::DROP_IN;

/// Returns the context of the fake backend on `system`.
pub(crate) fn service_context(system: &FakeSystem) -> ServiceContext<'_> {
    ServiceContext {
        description: FakeBackend.describe().unwrap(),
        backend: &FakeBackend,
        runner: system,
        system_info: SystemInfo {
            os: "fake".to_owned(),
            user: "ann".to_owned(),
            ..SystemInfo::default()
        },
        dirs: Dirs {
            state: "/state".into(),
            ..Dirs::default()
        },
        records: Records::new(Path::new("/state")),
        system,
        family: FAMILY.to_owned(),
        progress: &|_| {},
    }
}

/// Returns the record of the only service.
pub(crate) fn stored_record(system: &FakeSystem) -> Option<Record> {
    let records = Records::new(Path::new("/state"));
    records.read(system, &ServiceName::default()).unwrap()
}
