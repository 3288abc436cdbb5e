use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{
    Client, CreateGatewayRequest, ErrorClass, Etag, PollOutcome, Problem, ProblemCode,
    ReloadRequest, Request, Response, Transport, TransportError, TransportErrorKind,
};

/// Returns prepared responses and records the requests.
struct ScriptedTransport {
    responses: RefCell<Vec<Result<Response, TransportError>>>,
    requests: RefCell<Vec<Request>>,
}

impl ScriptedTransport {
    fn client(responses: Vec<Result<Response, TransportError>>) -> Client<Self> {
        Client::new(Self {
            responses: RefCell::new(responses),
            requests: RefCell::default(),
        })
    }
}

impl Transport for ScriptedTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        self.requests.borrow_mut().push(request.clone());
        self.responses.borrow_mut().remove(0)
    }
}

fn response(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: BTreeMap::new(),
        body: Some(body.to_owned()),
    }
}

fn lost(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "lost")
}

#[test]
fn a_post_is_repeated_once_with_the_same_key_when_its_effect_is_unknown() {
    let client = ScriptedTransport::client(vec![
        Err(lost(TransportErrorKind::UnknownEffect)),
        Err(lost(TransportErrorKind::Unavailable)),
    ]);
    let error = client
        .create_gateway(&CreateGatewayRequest::default())
        .unwrap_err();
    assert_eq!(
        error.class,
        ErrorClass::UnknownEffect,
        "the first attempt may have taken effect"
    );
    let requests = client.transport().requests.borrow();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].headers.contains_key("idempotency-key"));
    assert_eq!(requests[0], requests[1]);
}

#[test]
fn two_posts_have_two_keys() {
    let gone = || Ok(response(410, "{}"));
    let client = ScriptedTransport::client(vec![gone(), gone()]);
    client
        .reload("edge", &ReloadRequest::default(), Some(Etag(7)))
        .unwrap_err();
    client
        .reload("edge", &ReloadRequest::default(), None)
        .unwrap_err();
    let requests = client.transport().requests.borrow();
    assert_ne!(
        requests[0].headers["idempotency-key"],
        requests[1].headers["idempotency-key"]
    );
    assert_eq!(requests[0].headers["if-match"], "\"7\"");
    assert!(!requests[1].headers.contains_key("if-match"));
}

#[test]
fn problem_documents_become_errors_of_their_class() {
    for (slug, class) in [
        (ProblemCode::Unauthenticated, ErrorClass::Unauthorized),
        (ProblemCode::NotFound, ErrorClass::NotFound),
        (ProblemCode::VersionConflict, ErrorClass::Conflict),
        (ProblemCode::ValidationFailed, ErrorClass::Usage),
        (ProblemCode::StorageBusy, ErrorClass::Unavailable),
    ] {
        let body = serde_json::to_string(&Problem::new(slug, "reason")).unwrap();
        let client = ScriptedTransport::client(vec![Ok(response(slug.status(), &body))]);
        let error = client.gateway("edge").unwrap_err();
        assert_eq!(
            (error.class, error.code, error.status),
            (class, Some(slug), slug.status())
        );
        assert_eq!(
            (error.id(), error.to_string()),
            (slug.as_str(), "reason".to_owned())
        );
    }
}

#[test]
fn retry_after_reaches_the_caller() {
    let asking = |status, seconds: &str, body: &str| {
        let mut response = response(status, body);
        let header = ("retry-after".to_owned(), seconds.to_owned());
        response.headers.extend([header]);
        let client = ScriptedTransport::client(vec![Ok(response)]);
        client.gateway("edge").unwrap_err()
    };
    let body = serde_json::to_string(&Problem::new(ProblemCode::RateLimited, "reason")).unwrap();
    let error = asking(429, "7", &body);
    assert_eq!(
        (error.class, error.retry_after),
        (ErrorClass::Unavailable, Some(7))
    );
    assert!(error.hint.unwrap().contains("retry after 7 s"));
    assert_eq!(asking(503, "3", "<html>").retry_after, Some(3));
    for (status, seconds) in [
        (404, "7"),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT"),
        (429, "-1"),
    ] {
        assert_eq!(
            asking(status, seconds, "").retry_after,
            None,
            "{status} {seconds}"
        );
    }
}

/// A proxy in front of an unavailable control plane responds with any status and page.
#[test]
fn a_response_of_a_proxy_means_that_the_control_plane_is_unavailable() {
    let foreign = r#"{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no route", "code": "not-found"}"#;
    let newer = r#"{"type": "/problems/moon", "title": "Moon", "status": 403, "detail": "reason", "code": "moon"}"#;
    for (status, body) in [
        (404, "<html>"),
        (403, "<html>"),
        (401, ""),
        (400, "{}"),
        (404, foreign),
        (403, newer),
        (302, ""),
        (500, "<html>"),
        (502, ""),
        (200, "<html>"),
        (200, ""),
    ] {
        let client = ScriptedTransport::client(vec![Ok(response(status, body))]);
        let error = client.gateway("edge").unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable, "{status} {body}");
    }
}

#[test]
fn a_change_with_an_invalid_response_may_have_taken_effect() {
    let client = ScriptedTransport::client(vec![Ok(response(200, "<html>"))]);
    let error = client
        .reload("edge", &ReloadRequest::default(), None)
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::UnknownEffect);
}

#[test]
fn transport_errors_keep_their_meaning() {
    for (kind, class) in [
        (TransportErrorKind::Unavailable, ErrorClass::Unavailable),
        (TransportErrorKind::Cancelled, ErrorClass::Interrupted),
        (TransportErrorKind::UnknownEffect, ErrorClass::UnknownEffect),
    ] {
        let client = ScriptedTransport::client(vec![Err(lost(kind))]);
        assert_eq!(client.gateway("edge").unwrap_err().class, class);
    }
}

#[test]
fn a_poll_that_times_out_is_not_an_error() {
    let client = ScriptedTransport::client(vec![Ok(response(304, ""))]);
    assert_eq!(
        client.desired("edge", &crate::DesiredQuery::default()),
        Ok(PollOutcome::Unchanged)
    );
}

#[test]
fn a_poll_that_the_server_ends_returns_when_to_retry() {
    for (header, expected) in [
        ("0", PollOutcome::RetryAfter(0)),
        ("5", PollOutcome::RetryAfter(5)),
        ("99999", PollOutcome::RetryAfter(u16::MAX)),
        ("Sun, 29 Nov 2026 12:00:00 GMT", PollOutcome::Unchanged),
    ] {
        let mut response = response(304, "");
        let header = header.to_owned();
        response.headers.insert("retry-after".to_owned(), header);
        let client = ScriptedTransport::client(vec![Ok(response)]);
        let poll = client.desired("edge", &crate::DesiredQuery::default());
        assert_eq!(poll, Ok(expected));
    }
}
