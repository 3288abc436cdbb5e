//! A desk with the toy on it, and a service to install.

use super::{Toy, World};
use crate::control::InstanceStatus;
use crate::desk::Desk;
use crate::files::Leave;
use crate::install::Wanted;
use crate::record::{Record, Records};
use crate::sandbox::Level;
use kt_plugin_api::Dirs;
use kt_plugin_api::service::{ServiceBackend, ServiceName, ServiceSpec, SystemInfo};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// The file of the only unit.
pub(crate) const UNIT: &str = "/u/kt-gateway.unit";

/// Where edits of it are kept.
pub(crate) const DROP_IN: &str = "/u/kt-gateway.unit.d/own";

pub(crate) fn desk(world: &World) -> Desk<'_> {
    Desk {
        described: Toy.describe().unwrap(),
        backend: &Toy,
        runner: world,
        system: SystemInfo {
            os: "toy".to_owned(),
            user: "ann".to_owned(),
            ..SystemInfo::default()
        },
        dirs: Dirs {
            state: "/state".into(),
            ..Dirs::default()
        },
        records: Records::new(Path::new("/state")),
        here: world,
        family: "kt-gateway".to_owned(),
        say: &|_| {},
    }
}

/// A gateway that is ready.
pub(crate) fn ready() -> InstanceStatus {
    InstanceStatus(json!({ "ready": true, "live": true }))
}

pub(crate) fn wanted() -> Wanted {
    let spec = ServiceSpec {
        family: "kt-gateway".to_owned(),
        exec: vec!["/bin/kt".to_owned(), "run".to_owned()],
        ..ServiceSpec::default()
    };
    Wanted {
        record: Record {
            gateway_id: "gw_aaaaaaaaaaaaaaaa".to_owned(),
            gateway_name: "edge".to_owned(),
            kt_version: "1.2.3".to_owned(),
            sandbox: Level::Base,
            installed_at: "2026-01-01T00:00:00Z".to_owned(),
            ..Record::new("toy", spec, "/run".into())
        },
        start: true,
        boot: true,
        refresh: false,
        leave: Leave::default(),
        patience: Duration::from_secs(5),
    }
}

/// What is recorded of the only service.
pub(crate) fn recorded(world: &World) -> Option<Record> {
    let records = Records::new(Path::new("/state"));
    records.read(world, &ServiceName::default()).unwrap()
}
