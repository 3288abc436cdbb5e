//! Waits until a started gateway is ready.

use crate::context::ServiceContext;
use crate::record::Record;
use crate::status::read_parked_reason;
use kt_control_api::admin_socket;
use kt_plugin_api::service::ActiveState;
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// A poll costs one local connection, and the delay is not noticeable.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// A service manager with readiness notification has already waited. A gateway that
/// does not respond on its socket after this time causes only a warning.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

/// Waits until the gateway reports that it is ready.
///
/// Returns a warning if the service manager reports readiness but the socket does not
/// respond.
///
/// # Errors
/// Class `unavailable` if the gateway is not ready in time, or exits.
pub(super) fn wait_until_ready(
    service: &ServiceContext<'_>,
    record: &Record,
    timeout: Duration,
) -> Result<Option<String>, Error> {
    let socket = admin_socket(&record.runtime_dir, &record.gateway_id);
    let manager_reports_readiness = service.description.capabilities.readiness;
    let started = service.runner.now();
    loop {
        service.runner.check_cancelled()?;
        let elapsed = service.runner.now().saturating_sub(started);
        let cause = match service.system.instance_status(&socket) {
            Ok(status) if status.flag("/ready") == Some(true) => return Ok(None),
            Ok(_) => "it is not ready yet".to_owned(),
            Err(error) if manager_reports_readiness && elapsed >= GRACE_PERIOD.min(timeout) => {
                return Ok(Some(format!(
                    "the gateway does not respond on its socket: {error}"
                )));
            }
            Err(error) => error,
        };
        if elapsed >= timeout {
            let message = format!("the gateway was not ready within {}s", timeout.as_secs());
            return Err(Error::new(Class::Unavailable, "not-ready", message).cause(cause));
        }
        check_not_exited(service, record)?;
        service.runner.sleep(POLL_INTERVAL);
    }
}

fn check_not_exited(service: &ServiceContext<'_>, record: &Record) -> Result<(), Error> {
    let observed = service.observe(&record.spec.name)?;
    // Under a service manager without exit codes a parked service exits with 0, so that
    // the activity is not sufficient.
    let exited = observed.active_state == ActiveState::Failed
        || read_parked_reason(service, record).is_some();
    if !exited {
        return Ok(());
    }
    let message = "the gateway exited before it was ready";
    Err(Error::new(Class::Unavailable, "start-failed", message))
}
