//! A record for tests.

use super::{Record, SandboxMode};
use kt_plugin_api::service::ServiceSpec;

/// Returns the record of a service of the fake backend.
pub(crate) fn sample_record() -> Record {
    let spec = ServiceSpec {
        family: "kt-gateway".to_owned(),
        exec: vec!["/bin/kt".to_owned(), "run".to_owned()],
        ..ServiceSpec::default()
    };
    Record {
        gateway_id: "gw_aaaaaaaaaaaaaaaa".to_owned(),
        gateway_name: "edge".to_owned(),
        kt_version: "1.2.3".to_owned(),
        sandbox: SandboxMode::Base,
        installed_at: "2026-01-01T00:00:00Z".to_owned(),
        ..Record::new("fake", spec, "/run".into())
    }
}
