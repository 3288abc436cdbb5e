//! The flat list of what the traffic port serves. Unknown paths are refused,
//! never passed on.

use super::body::Body;
use super::refuse::{Refusal, json};
use super::trace::Trace;
use super::{chat, models};
use crate::admin::health;
use crate::worker::Local;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::rc::Rc;

/// Serves one request.
pub(crate) async fn handle(request: Request<Incoming>, local: Rc<Local>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let get = request.method() == Method::GET;
    match path.as_str() {
        "/v1/chat/completions" if request.method() == Method::POST => traced(request, local).await,
        "/v1/models" if get => models::list(&local.snapshot()),
        "/livez" | "/healthz" | "/readyz" | "/health" if get => {
            let (status, body) = health(&path, &local.shared, &local.snapshot());
            json(status, &body)
        }
        "/v1/chat/completions" | "/v1/models" | "/livez" | "/healthz" | "/readyz" | "/health" => {
            Refusal::unknown(StatusCode::METHOD_NOT_ALLOWED).respond()
        }
        _ => Refusal::unknown(StatusCode::NOT_FOUND).respond(),
    }
}

async fn traced(request: Request<Incoming>, local: Rc<Local>) -> Response<Body> {
    let mut trace = Trace::new(&local, request.headers());
    let id = HeaderValue::from_str(&trace.id);
    let Some(admitted) = local.shared.admit() else {
        let refusal = Refusal::unavailable(
            "overloaded",
            "the gateway serves as many requests as it may",
        );
        trace.end(refusal.status.as_u16());
        return refusal.respond();
    };
    let mut response = match chat::serve(request, &local, &mut trace).await {
        Ok(answer) => answer.respond(trace, admitted),
        Err(refusal) => {
            trace.end(refusal.status.as_u16());
            refusal.respond()
        }
    };
    if let Ok(id) = id {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
