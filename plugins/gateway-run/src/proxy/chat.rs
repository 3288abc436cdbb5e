//! `POST /v1/chat/completions`.

use super::chat_request::ChatRequest;
use super::completion::{self, Completion};
use super::context::ProxyContext;
use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use super::{caller, json_text, origin_check, request_body, request_policy};
use crate::snapshot::{Snapshot, Upstream};
use crate::upstream::{OutboundRequest, Outcome, dispatch};
use http::Request;
use hyper::body::Incoming;
use kt_policy::{Decision, EvaluatedRoute};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

/// Serves a request up to the headers of its response.
///
/// # Errors
/// The error to respond with.
pub(super) async fn serve(
    request: Request<Incoming>,
    peer: IpAddr,
    proxy: &ProxyContext,
    context: &mut RequestContext,
) -> Result<Completion, ErrorResponse> {
    let (head, body) = request.into_parts();
    let snapshot = Arc::clone(&context.snapshot);
    origin_check::check(&head.uri, &head.headers, proxy.state.settings.loopback)?;
    caller::enforce(peer, &head.headers, context)?;
    let body = request_body::read(&head, body, snapshot.max_request_bytes).await?;
    let mut request = ChatRequest::parse(body)?;
    context.set_requested_model(&request.model);
    let EvaluatedRoute {
        upstreams: route,
        evaluation: routed,
    } = snapshot
        .chain
        .evaluate_route(route(&snapshot, &request.model)?, |upstream| {
            &upstream.target
        });
    let scope = caller::scope(&snapshot.chain, peer, &head.headers);
    let headers = OutboundRequest::forwarded(&head.headers, &snapshot.chain);
    // Its values are parts of the buffer of the connection, which needs another one otherwise.
    drop(head);
    let evaluated = request_policy::enforce(
        &mut request,
        routed,
        scope,
        context,
        proxy.state.settings.fail_open,
    )
    .await?;
    let outbound = OutboundRequest {
        document: &|| json_text::parse(request.text()).unwrap_or_default(),
        body: &|upstream| request.body_for(upstream),
        headers: &headers,
        id: &context.id,
    };
    let health = &proxy.state.upstream_health;
    let (evaluation, dispatched) = {
        let dispatching = pin!(dispatch(&proxy.pool, health, &snapshot, route, &outbound));
        match evaluated {
            None => (None, Some(dispatching.await)),
            Some(evaluated) => {
                let judged =
                    request_policy::judge_during(&request, evaluated, context, dispatching);
                let (evaluation, dispatched) = judged.await?;
                (Some(evaluation), dispatched)
            }
        }
    };
    if let Some(evaluation) = evaluation {
        context.request_evaluated(&evaluation);
        if let Some(dispatched) = &dispatched {
            context.set_upstream(dispatched.upstream, dispatched.attempts);
        }
        if let Decision::Block(block) = &evaluation.decision {
            return Err(ErrorResponse::blocked(block, snapshot.refusal_status));
        }
    }
    let Some(dispatched) = dispatched else {
        return Err(ErrorResponse::evaluation_failed(snapshot.refusal_status));
    };
    context.set_upstream(dispatched.upstream, dispatched.attempts);
    let upstream = dispatched.upstream.map_or("", Upstream::id);
    match dispatched.outcome {
        Outcome::Response(response) => {
            completion::complete(*response, upstream, &request, context).await
        }
        // The address of an upstream is not disclosed to callers.
        Outcome::Failed(error) => Err(ErrorResponse::upstream(
            format!("upstream `{upstream}` did not respond: {}", error.message),
            error.timed_out(),
        )),
        Outcome::Unavailable => Err(ErrorResponse::unavailable(
            "no_upstream",
            "no upstream is available; see the log of the gateway",
        )),
    }
}

/// Returns the upstreams of a model.
fn route<'s>(snapshot: &'s Snapshot, model: &str) -> Result<Vec<&'s Upstream>, ErrorResponse> {
    let route = snapshot.route(model);
    if !route.is_empty() || snapshot.upstreams.is_empty() {
        return Ok(route);
    }
    Err(if model.is_empty() {
        ErrorResponse::malformed_param("model", "`model` is missing")
    } else {
        ErrorResponse::model_not_found(model)
    })
}
