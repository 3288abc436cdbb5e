//! Routes requests to operations.

use kt_control_api::{Method, ProblemCode, Request, Response, new_request_id};

use super::error::{ApiError, api_error};
use super::operation::{Access, Operation, PathParams};
use super::operations::OPERATIONS;
use super::principal::Principal;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::error_response;
use super::service::{Api, RequestContext};
use crate::validator::ValidationResult;

impl Api {
    /// Handles a request, up to the response or to the state of one that takes longer.
    #[must_use]
    pub fn handle(&self, request: &Request, caller: &Principal) -> Reply {
        self.handle_validated(request, caller, None)
    }

    /// Handles a request whose configuration may have been validated before.
    pub(crate) fn handle_validated(
        &self,
        request: &Request,
        caller: &Principal,
        validation: Option<&ValidationResult>,
    ) -> Reply {
        let id = new_request_id();
        let context = RequestContext {
            request,
            caller,
            request_id: &id,
            validation,
        };
        match self.dispatch(&context) {
            Ok(reply) => reply.with_request_id(id),
            Err(problem) => {
                let response = with_allow_header(error_response(*problem, &id), &request.path);
                Reply::complete(response, WakeTarget::None)
            }
        }
    }

    /// Handles a request without a write, and without waiting for other processes; `None` when that is
    /// not possible.
    pub(crate) fn handle_immediately(
        &self,
        request: &Request,
        caller: &Principal,
    ) -> Option<Reply> {
        let (operation, params) = find(request)?;
        let handler = operation.immediate?;
        let id = new_request_id();
        let context = RequestContext {
            request,
            caller,
            request_id: &id,
            validation: None,
        };
        operation.authorize(&context).ok()?;
        let reply = handler(self, &context, &params)?;
        Some(reply.with_request_id(id))
    }

    fn dispatch(&self, context: &RequestContext<'_>) -> HandlerResult {
        let request = context.request;
        let Some((operation, params)) = find(request) else {
            return Err(no_such_operation(request.method.as_str(), &request.path));
        };
        operation.authorize(context)?;
        let mut reply = (operation.handler)(self, context, &params)?;
        if let Reply::Complete(complete) = &mut reply {
            complete.compressible = operation.compressible;
        }
        Ok(reply)
    }
}

fn find(request: &Request) -> Option<(&'static Operation, PathParams<'_>)> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.method == request.method)
        .find_map(|operation| Some((operation, operation.matches(&request.path)?)))
}

/// Returns the operation of a request.
pub(super) fn operation(request: &Request) -> Option<&'static Operation> {
    find(request).map(|(operation, _)| operation)
}

/// Returns whether the body of a request may contain a configuration.
pub(crate) fn may_contain_config(request: &Request) -> bool {
    operation(request).is_some_and(|operation| operation.config_in_body.is_some())
}

/// Returns the operations on a path.
fn on_path(path: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS
        .iter()
        .filter(move |operation| operation.matches(path).is_some())
}

/// Returns whether an operation on the path needs no token.
pub(crate) fn is_public(path: &str) -> bool {
    // This runs first for every request, so the cheap comparison comes first.
    OPERATIONS
        .iter()
        .filter(|operation| operation.access == Access::Public)
        .any(|operation| operation.matches(path).is_some())
}

/// Returns whether an operation on the path needs no token at a loopback address.
pub(crate) fn is_loopback_public(path: &str) -> bool {
    on_path(path).any(|operation| operation.access == Access::LoopbackPublic)
}

/// Returns the method and the path template of the operation of a request, for metrics.
pub(crate) fn route_template(method: &str, path: &str) -> Option<(&'static str, &'static str)> {
    OPERATIONS
        .iter()
        .find(|operation| operation.method.as_str() == method && operation.matches(path).is_some())
        .map(|operation| (operation.method.as_str(), operation.path))
}

/// Returns whether a request is executed by the write queue.
pub(crate) fn is_write(request: &Request) -> bool {
    // Readiness proves that the store can be written.
    let writes = request.method != Method::Get || request.path == "/readyz";
    writes && operation(request).is_none_or(|operation| !operation.blocking)
}

/// Returns whether the response to a request is a stream.
pub(crate) fn is_streaming(request: &Request) -> bool {
    operation(request).is_some_and(|operation| operation.streaming)
}

/// Returns the error for a path that does not exist, or a method that it does not have.
pub(crate) fn no_such_operation(method: &str, path: &str) -> ApiError {
    if on_path(path).next().is_some() {
        return api_error(
            ProblemCode::MethodNotAllowed,
            format!("the method {method} is not allowed for this path"),
        );
    }
    api_error(ProblemCode::NotFound, "there is no such path")
}

/// Adds the allowed methods to a response with status 405 (RFC 9110, 15.5.6).
pub(crate) fn with_allow_header(mut response: Response, path: &str) -> Response {
    if response.status == 405 {
        let methods: Vec<&str> = on_path(path)
            .map(|operation| operation.method.as_str())
            .collect();
        response
            .headers
            .insert("allow".to_owned(), methods.join(", "));
    }
    response
}

/// Returns method and path of every operation, for tests that must cover all of them.
#[cfg(test)]
pub(crate) fn every_operation() -> Vec<(kt_control_api::Method, &'static str)> {
    let pairs = OPERATIONS.iter().map(|o| (o.method, o.path));
    pairs.collect()
}
