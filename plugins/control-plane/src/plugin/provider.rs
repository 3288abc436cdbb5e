//! The provider `embedded` of `kt.control-plane/1`.

use std::sync::Arc;

use kt_cancellation::Cancellation;
use kt_control_api::{Envelope, TransportError, TransportErrorKind};
use kt_plugin_api::{Class, Context, ControlPlane, Error};
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
            Error::new(
                Class::Plugin,
                "invalid-request",
                "the call does not contain a request",
            )
            .cause(error)
        })?;
        let embedded = Embedded::new(&connection.state_dir, Arc::new(PolicyValidator));
        let response = embedded
            .handle(&request, Cancellation::of(context))
            .map_err(|error| call_error(error, context))?;
        serde_json::to_value(response)
            .map_err(|error| Error::internal("cannot serialize the response").cause(error))
    }
}

/// Converts an error of the transport. A cancelled call reports by what it was cancelled.
fn call_error(error: TransportError, context: &Context<'_>) -> Error {
    match (error.kind, context.check_cancelled()) {
        (TransportErrorKind::Cancelled, Err(cancelled)) => cancelled,
        _ => error.into(),
    }
}
