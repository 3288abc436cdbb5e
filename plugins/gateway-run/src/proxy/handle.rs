//! The paths of the traffic listener. Other paths are refused, never forwarded.

use super::completion::Completion;
use super::context::ProxyContext;
use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use super::{caller, chat, models};
use crate::health::health;
use crate::request_id::REQUEST_ID;
use crate::response::{ResponseBody, json_response};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use kt_control_api::Halt;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;

/// The endpoints, as they are named in errors.
const ENDPOINTS: &str = "POST /v1/chat/completions, GET /v1/models, GET /v1/models/{id}, \
                         GET /livez, GET /readyz, GET /healthz, GET /health";

/// Serves one request.
pub(crate) async fn handle(
    request: Request<Incoming>,
    peer: IpAddr,
    proxy: Rc<ProxyContext>,
) -> Response<ResponseBody> {
    let path = normalize(request.uri().path());
    if path == "/chat/completions" && *request.method() == Method::POST {
        // Boxed: a connection keeps the memory of this future as long as it is open, and needs that
        // of the request only up to the headers of the response.
        return Box::pin(chat_completions(request, peer, proxy)).await;
    }
    let is = |method: Method| *request.method() == method;
    match path {
        "/chat/completions" => ErrorResponse::method_not_allowed("POST").into_response(),
        "/livez" | "/healthz" | "/readyz" | "/health" if is(Method::GET) => {
            let (status, body) = health(path, &proxy.state, &proxy.snapshot());
            json_response(status, &body)
        }
        "/models" if is(Method::GET) => list_models(None, &request, peer, &proxy),
        "/models" | "/livez" | "/healthz" | "/readyz" | "/health" => {
            ErrorResponse::method_not_allowed("GET").into_response()
        }
        other => match other.strip_prefix("/models/") {
            Some(id) if is(Method::GET) => list_models(Some(id), &request, peer, &proxy),
            Some(_) => ErrorResponse::method_not_allowed("GET").into_response(),
            None => ErrorResponse::unknown_path(ENDPOINTS).into_response(),
        },
    }
}

/// Removes `/v1` and a trailing slash: clients are configured with and without them,
/// and other gateways accept both.
fn normalize(path: &str) -> &str {
    let path = match path.strip_prefix("/v1") {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    };
    path.strip_suffix('/').unwrap_or(path)
}

/// Returns the models, or one of them, to a caller who may send requests.
fn list_models(
    id: Option<&str>,
    request: &Request<Incoming>,
    peer: IpAddr,
    proxy: &ProxyContext,
) -> Response<ResponseBody> {
    let snapshot = proxy.snapshot();
    if let Err(error) = caller::check(&snapshot, peer, request.headers()) {
        return error.into_response();
    }
    match id {
        Some(id) => models::get(id, &snapshot),
        None => models::list(&snapshot),
    }
}

async fn chat_completions(
    request: Request<Incoming>,
    peer: IpAddr,
    proxy: Rc<ProxyContext>,
) -> Response<ResponseBody> {
    let mut context = RequestContext::new(&proxy, request.headers());
    let id = context.id.header.clone();
    if let Some(halt) = proxy.state.halts.current() {
        let mut response = refuse_halted(&halt, context);
        response.headers_mut().insert(REQUEST_ID, id);
        return response;
    }
    let mut response = match proxy.state.admit() {
        Some(in_flight) => match serve_unless_halted(request, peer, &proxy, &mut context).await {
            Ok(completion) => completion.into_response(context, in_flight),
            Err(error) => fail(error, context),
        },
        None => fail(
            ErrorResponse::unavailable("overloaded", "the concurrency limit is reached"),
            context,
        ),
    };
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Serves a request, unless the gateway is halted before its response begins.
async fn serve_unless_halted(
    request: Request<Incoming>,
    peer: IpAddr,
    proxy: &ProxyContext,
    context: &mut RequestContext,
) -> Result<Completion, ErrorResponse> {
    let halt = {
        let served = pin!(chat::serve(request, peer, proxy, context));
        tokio::select! {
            biased;
            served = served => return served,
            halt = proxy.state.halts.wait() => halt,
        }
    };
    context.halted("output");
    Err(ErrorResponse::halted(&halt))
}

/// Refuses a request before it is read.
fn refuse_halted(halt: &Halt, context: RequestContext) -> Response<ResponseBody> {
    context.halted("input");
    fail(ErrorResponse::halted(halt), context)
}

fn fail(error: ErrorResponse, mut context: RequestContext) -> Response<ResponseBody> {
    context.set_error(error.code());
    context.end(error.status.as_u16());
    error.into_response()
}

#[cfg(test)]
mod tests {
    use super::normalize;

    /// The future of a request is kept by its connection, also while that is idle or streams.
    #[test]
    fn a_request_has_little_state() {
        fn size<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(super::handle);
        assert!(size <= 1024, "{size} bytes");
    }

    #[test]
    fn version_and_trailing_slash_are_optional() {
        for path in [
            "/v1/chat/completions",
            "/chat/completions",
            "/v1/chat/completions/",
            "/chat/completions/",
        ] {
            assert_eq!(normalize(path), "/chat/completions", "{path}");
        }
        assert_eq!(normalize("/v1/models/a/b"), "/models/a/b");
        assert_eq!(normalize("/v12/models"), "/v12/models");
        assert_eq!(normalize("/"), "");
    }
}
