//! Which operation a request asks for.

use kt_control_api::{Method, ProblemCode, Request, Response};

use super::Api;
use super::operation::{Access, Operation, Place};
use super::operations::OPERATIONS;
use super::refusal::{Refusal, refuse};
use super::respond::{Handled, Outcome};
use super::service::Call;

impl Api {
    pub(super) fn route(&self, call: &Call<'_>) -> Outcome {
        let request = call.request;
        let Some((operation, place)) = found(request) else {
            return Err(nowhere(request.method.as_str(), &request.path));
        };
        operation.admit(call)?;
        let mut handled = (operation.run)(self, call, &place)?;
        if let Handled::Done(answer) = &mut handled {
            answer.divisible = operation.divisible;
        }
        Ok(handled)
    }
}

fn found(request: &Request) -> Option<(&'static Operation, Place<'_>)> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.method == request.method)
        .find_map(|operation| Some((operation, operation.matches(&request.path)?)))
}

/// The operation that a request asks for.
pub(super) fn operation(request: &Request) -> Option<&'static Operation> {
    found(request).map(|(operation, _)| operation)
}

/// Returns whether a configuration may be in the body of a request.
pub(crate) fn holds_configuration(request: &Request) -> bool {
    operation(request).is_some_and(|operation| operation.holds.is_some())
}

/// The operations on a path.
fn at(path: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS
        .iter()
        .filter(move |operation| operation.matches(path).is_some())
}

/// Returns whether an operation on the path needs no token.
pub(crate) fn is_open(path: &str) -> bool {
    // Asked of every request before anything else, so what is cheap to tell comes first.
    OPERATIONS
        .iter()
        .filter(|operation| operation.access == Access::Open)
        .any(|operation| operation.matches(path).is_some())
}

/// Returns whether an operation on the path needs no token of whoever is near.
pub(crate) fn is_near(path: &str) -> bool {
    at(path).any(|operation| operation.access == Access::Near)
}

/// Returns the method and the path of the operation that a request asks for, for counting.
pub(crate) fn route(method: &str, path: &str) -> Option<(&'static str, &'static str)> {
    OPERATIONS
        .iter()
        .find(|operation| operation.method.as_str() == method && operation.matches(path).is_some())
        .map(|operation| (operation.method.as_str(), operation.path))
}

/// Returns whether a request is carried out among the changes of the store.
pub(crate) fn is_change(request: &Request) -> bool {
    // Readiness proves that the store can be written.
    let writes = request.method != Method::Get || request.path == "/readyz";
    writes && operation(request).is_none_or(|operation| !operation.apart)
}

/// Returns whether the answer to a request is a stream that goes on.
pub(crate) fn is_streamed(request: &Request) -> bool {
    at(&request.path).any(|operation| operation.method == request.method && operation.streamed)
}

/// Describes a method that is not possible on a path, or a path that there is not.
pub(crate) fn nowhere(method: &str, path: &str) -> Refusal {
    if at(path).next().is_some() {
        return refuse(
            ProblemCode::MethodNotAllowed,
            format!("{method} is not possible here"),
        );
    }
    refuse(ProblemCode::NotFound, "there is nothing at this path")
}

/// Adds which methods are possible, as RFC 9110 wants it of an answer 405.
pub(crate) fn with_allowed(mut response: Response, path: &str) -> Response {
    if response.status == 405 {
        let methods: Vec<&str> = at(path)
            .map(|operation| operation.method.as_str())
            .collect();
        response
            .headers
            .insert("allow".to_owned(), methods.join(", "));
    }
    response
}

/// Every operation as method and path, for the tests that must leave none out.
#[cfg(test)]
pub(crate) fn every_operation() -> Vec<(kt_control_api::Method, &'static str)> {
    let pairs = OPERATIONS.iter().map(|o| (o.method, o.path));
    pairs.collect()
}
