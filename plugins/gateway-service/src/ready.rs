//! Waits until a started gateway is ready.

use crate::control;
use crate::desk::Desk;
use crate::record::Record;
use crate::status::parked;
use kt_plugin_api::service::ActiveState;
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// Between two questions. A question costs a local connection; a person does
/// not notice this much.
const PAUSE: Duration = Duration::from_millis(50);
/// A service manager that waits for readiness has done so already; then a
/// gateway whose socket is silent gets this long before it is only a warning.
const GRACE: Duration = Duration::from_secs(3);

/// Waits until the gateway says that it is ready.
///
/// Returns a warning when the service manager vouches for it and its socket is
/// silent.
///
/// # Errors
/// Class `unavailable` when it is not ready in time, or ends meanwhile.
pub(crate) fn wait(
    desk: &Desk<'_>,
    record: &Record,
    patience: Duration,
) -> Result<Option<String>, Error> {
    let socket = control::socket(&record.runtime_dir, &record.gateway_id);
    let vouched = desk.described.capabilities.readiness;
    let began = desk.runner.now();
    loop {
        desk.runner.check_cancelled()?;
        let spent = desk.runner.now().saturating_sub(began);
        let why = match desk.here.ask(&socket) {
            Ok(status) if status.flag("/ready") == Some(true) => return Ok(None),
            Ok(_) => "it is not ready yet".to_owned(),
            Err(why) if vouched && spent >= GRACE.min(patience) => {
                return Ok(Some(format!(
                    "the gateway does not answer on its socket: {why}"
                )));
            }
            Err(why) => why,
        };
        if spent >= patience {
            let message = format!("the gateway was not ready within {}s", patience.as_secs());
            return Err(Error::new(Class::Unavailable, "not-ready", message).cause(why));
        }
        gone(desk, record)?;
        desk.runner.sleep(PAUSE);
    }
}

/// There is nothing to wait for when it has failed for good.
fn gone(desk: &Desk<'_>, record: &Record) -> Result<(), Error> {
    let observed = desk.observe(&record.spec.name)?;
    // Where a manager knows no exit codes, parking is a clean end, so its state
    // alone does not tell.
    let ended = observed.active_state == ActiveState::Failed || parked(desk, record).is_some();
    if !ended {
        return Ok(());
    }
    let message = "the gateway ended before it was ready";
    Err(Error::new(Class::Unavailable, "start-failed", message))
}
