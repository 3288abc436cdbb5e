//! The flat list of what the traffic port serves. Unknown paths are refused,
//! never passed on.

use super::context::ProxyContext;
use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use super::{chat, models};
use crate::health::health;
use crate::response::{ResponseBody, json_response};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::rc::Rc;

/// Serves one request.
pub(crate) async fn handle(
    request: Request<Incoming>,
    local: Rc<ProxyContext>,
) -> Response<ResponseBody> {
    let path = request.uri().path().to_owned();
    let get = request.method() == Method::GET;
    match path.as_str() {
        "/v1/chat/completions" if request.method() == Method::POST => traced(request, local).await,
        "/v1/models" if get => models::list(&local.snapshot()),
        "/livez" | "/healthz" | "/readyz" | "/health" if get => {
            let (status, body) = health(&path, &local.state, &local.snapshot());
            json_response(status, &body)
        }
        "/v1/chat/completions" | "/v1/models" | "/livez" | "/healthz" | "/readyz" | "/health" => {
            ErrorResponse::unknown(StatusCode::METHOD_NOT_ALLOWED).respond()
        }
        _ => ErrorResponse::unknown(StatusCode::NOT_FOUND).respond(),
    }
}

async fn traced(request: Request<Incoming>, local: Rc<ProxyContext>) -> Response<ResponseBody> {
    let mut request_context = RequestContext::new(&local, request.headers());
    let id = HeaderValue::from_str(&request_context.id);
    let Some(admitted) = local.state.admit() else {
        let refusal = ErrorResponse::unavailable(
            "overloaded",
            "the gateway serves as many requests as it may",
        );
        request_context.end(refusal.status.as_u16());
        return refusal.respond();
    };
    let mut response = match chat::serve(request, &local, &mut request_context).await {
        Ok(answer) => answer.respond(request_context, admitted),
        Err(refusal) => {
            request_context.end(refusal.status.as_u16());
            refusal.respond()
        }
    };
    if let Ok(id) = id {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
