//! A request for tests.

use super::InstallRequest;
use crate::operation::overwrite::OverwritePolicy;
use crate::record::fixtures::sample_record;
use std::time::Duration;

/// Returns the request to install the sample service.
pub(crate) fn sample_request() -> InstallRequest {
    InstallRequest {
        record: sample_record(),
        start: true,
        boot: true,
        refresh: false,
        overwrite: OverwritePolicy::default(),
        timeout: Duration::from_secs(5),
    }
}
