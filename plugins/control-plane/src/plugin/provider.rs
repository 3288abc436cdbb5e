//! `kt.control-plane/1`, embedded.

use std::sync::Arc;
use std::time::Instant;

use kt_control_api::{Envelope, TransportError, TransportErrorKind};
use kt_plugin_api::{Cancel, Class, Context, ControlPlane, Error};
use serde_json::Value;

use crate::embedded::Embedded;
use crate::validator::PolicyValidator;

pub(super) struct EmbeddedProvider;

impl ControlPlane for EmbeddedProvider {
    fn request(&self, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        let Envelope {
            connection,
            request,
        } = serde_json::from_value(request).map_err(|error| {
            Error::new(Class::Plugin, "bad-request", "the call is no request").cause(error)
        })?;
        let embedded = Embedded::new(&connection.state_dir, Arc::new(PolicyValidator));
        // A deadline beyond the clock's range is none.
        let deadline = context
            .remaining()
            .and_then(|left| Instant::now().checked_add(left));
        let cancelled = || {
            matches!(
                context.cancelled(),
                Some(Cancel::Interrupt | Cancel::Terminate)
            )
        };
        let response = embedded
            .handle(&request, deadline, &cancelled)
            .map_err(|error| failure(error, context))?;
        serde_json::to_value(response)
            .map_err(|error| Error::internal("the response cannot be written").cause(error))
    }
}

/// A cancelled call says which way it was cancelled.
fn failure(error: TransportError, context: &Context<'_>) -> Error {
    match (error.kind, context.check_cancelled()) {
        (TransportErrorKind::Cancelled, Err(cancelled)) => cancelled,
        _ => error.into(),
    }
}
