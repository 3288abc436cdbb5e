use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{
    Client, CreateGatewayRequest, ErrorClass, Etag, PollOutcome, Problem, ProblemCode,
    ReloadRequest, Request, Response, Transport, TransportError, TransportErrorKind,
};

/// Answers from a list and remembers what was asked.
struct Script {
    answers: RefCell<Vec<Result<Response, TransportError>>>,
    asked: RefCell<Vec<Request>>,
}

impl Script {
    fn client(answers: Vec<Result<Response, TransportError>>) -> Client<Self> {
        Client::new(Self {
            answers: RefCell::new(answers),
            asked: RefCell::default(),
        })
    }
}

impl Transport for Script {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        self.asked.borrow_mut().push(request.clone());
        self.answers.borrow_mut().remove(0)
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
    let client = Script::client(vec![
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
    let asked = client.transport().asked.borrow();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].headers.contains_key("idempotency-key"));
    assert_eq!(asked[0], asked[1]);
}

#[test]
fn two_posts_have_two_keys() {
    let gone = || Ok(response(410, "{}"));
    let client = Script::client(vec![gone(), gone()]);
    client
        .reload("edge", &ReloadRequest::default(), Some(Etag(7)))
        .unwrap_err();
    client
        .reload("edge", &ReloadRequest::default(), None)
        .unwrap_err();
    let asked = client.transport().asked.borrow();
    assert_ne!(
        asked[0].headers["idempotency-key"],
        asked[1].headers["idempotency-key"]
    );
    assert_eq!(asked[0].headers["if-match"], "\"7\"");
    assert!(!asked[1].headers.contains_key("if-match"));
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
        let body = serde_json::to_string(&Problem::new(slug, "why")).unwrap();
        let client = Script::client(vec![Ok(response(slug.status(), &body))]);
        let error = client.gateway("edge").unwrap_err();
        assert_eq!(
            (error.class, error.code, error.status),
            (class, Some(slug), slug.status())
        );
        assert_eq!(
            (error.id(), error.to_string()),
            (slug.as_str(), "why".to_owned())
        );
    }
}

#[test]
fn what_the_control_plane_asks_for_reaches_the_caller() {
    let asking = |status, seconds: &str, body: &str| {
        let mut response = response(status, body);
        let header = ("retry-after".to_owned(), seconds.to_owned());
        response.headers.extend([header]);
        let client = Script::client(vec![Ok(response)]);
        client.gateway("edge").unwrap_err()
    };
    let body = serde_json::to_string(&Problem::new(ProblemCode::RateLimited, "why")).unwrap();
    let error = asking(429, "7", &body);
    assert_eq!(
        (error.class, error.retry_after),
        (ErrorClass::Unavailable, Some(7))
    );
    assert!(error.hint.unwrap().contains("asks to wait 7 s"));
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

/// What stands before a control plane answers for one that is away, with
/// whatever status and page it likes.
#[test]
fn an_answer_of_somebody_else_means_that_the_control_plane_is_away() {
    let foreign = r#"{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no route", "code": "not-found"}"#;
    let newer = r#"{"type": "/problems/moon", "title": "Moon", "status": 403, "detail": "why", "code": "moon"}"#;
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
        let client = Script::client(vec![Ok(response(status, body))]);
        let error = client.gateway("edge").unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable, "{status} {body}");
    }
}

#[test]
fn a_change_with_an_answer_that_cannot_be_read_may_have_taken_effect() {
    let client = Script::client(vec![Ok(response(200, "<html>"))]);
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
        let client = Script::client(vec![Err(lost(kind))]);
        assert_eq!(client.gateway("edge").unwrap_err().class, class);
    }
}

#[test]
fn an_ended_wait_is_no_error() {
    let client = Script::client(vec![Ok(response(304, ""))]);
    assert_eq!(
        client.desired("edge", &crate::DesiredQuery::default()),
        Ok(PollOutcome::Unchanged)
    );
}

#[test]
fn a_wait_that_a_server_cuts_short_says_when_to_ask_again() {
    for (told, expected) in [
        ("0", PollOutcome::RetryAfter(0)),
        ("5", PollOutcome::RetryAfter(5)),
        ("99999", PollOutcome::RetryAfter(u16::MAX)),
        ("Sun, 29 Nov 2026 12:00:00 GMT", PollOutcome::Unchanged),
    ] {
        let mut answer = response(304, "");
        let told = told.to_owned();
        answer.headers.insert("retry-after".to_owned(), told);
        let client = Script::client(vec![Ok(answer)]);
        let poll = client.desired("edge", &crate::DesiredQuery::default());
        assert_eq!(poll, Ok(expected));
    }
}
