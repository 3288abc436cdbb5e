//! Refuses to stop the service from within itself.

use crate::context::ServiceContext;
use kt_plugin_api::service::ServiceStatus;
use kt_plugin_api::{Class, Error};

/// Refuses an operation that stops the service if kt runs inside it: kt would be
/// killed before it is done.
///
/// # Errors
/// Class `conflict` with ID `inside-service`.
pub(super) fn refuse_inside_service(
    service: &ServiceContext<'_>,
    observed: &ServiceStatus,
) -> Result<(), Error> {
    if !service.system.is_inside(&observed.unit) {
        return Ok(());
    }
    let message = format!(
        "kt runs inside the service `{}` and would be stopped with it",
        observed.unit
    );
    Err(Error::new(Class::Conflict, "inside-service", message)
        .hint("run the command from a shell outside the service"))
}
