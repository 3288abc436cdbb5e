//! What comes of a request.

use std::collections::BTreeMap;

use kt_control_api::{Etag, Gateway, GatewayId, Response};
use serde::Serialize;

use super::refusal::Refusal;
use super::{Feed, Parked, Rows};

/// A response, and whom it concerns.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The response.
    pub response: Response,
    /// Whose waiters must look again.
    pub touched: Touched,
    /// Whether it may be sent compressed or in part, by whoever sends bytes.
    pub divisible: bool,
}

/// Whom a request concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Nobody: nothing that others wait for has changed.
    Nobody,
    /// Those who wait for a gateway.
    Gateway(GatewayId),
    /// All who wait.
    Everybody,
}

/// What comes of a request at once.
#[derive(Debug)]
pub enum Handled {
    /// The response.
    Done(Answer),
    /// Nothing yet: look again when the gateway changes, and at the latest when the wait ends.
    Parked(Parked),
    /// News, and more of it for as long as somebody wants them.
    Following(Feed),
    /// Rows, until there are no more.
    Sending(Rows),
}

impl Handled {
    /// Something was done of which there is nothing to tell.
    pub(crate) fn nothing() -> Self {
        done(empty(204), Touched::Nobody)
    }
}

/// What a handler returns.
pub(super) type Outcome = Result<Handled, Refusal>;

/// Answers with JSON.
pub(super) fn json<T: Serialize>(status: u16, body: &T) -> Outcome {
    Ok(done(json_of(status, body), Touched::Nobody))
}

/// Answers a change of a gateway with JSON.
pub(super) fn changed<T: Serialize>(
    status: u16,
    body: &T,
    gateway: &Gateway,
    replayed: bool,
) -> Outcome {
    let mut response = json_of(status, body);
    tag(&mut response, gateway);
    mark(&mut response, replayed);
    Ok(done(response, Touched::Gateway(gateway.id.clone())))
}

pub(super) fn done(response: Response, touched: Touched) -> Handled {
    Handled::Done(Answer {
        response,
        touched,
        divisible: false,
    })
}

/// Says of an answer whether it is that of a request that was carried out before.
pub(super) fn mark(response: &mut Response, replayed: bool) {
    if replayed {
        let headers = &mut response.headers;
        headers.insert("idempotency-replayed".to_owned(), "true".to_owned());
    }
}

/// Adds the gateway's revision.
pub(super) fn tag(response: &mut Response, gateway: &Gateway) {
    response
        .headers
        .insert("etag".to_owned(), Etag(gateway.rev).to_string());
}

pub(super) fn json_of<T: Serialize>(status: u16, body: &T) -> Response {
    let body = serde_json::to_string(body).expect("the wire types have only string keys");
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    Response {
        status,
        headers,
        body: Some(body),
    }
}

pub(super) fn empty(status: u16) -> Response {
    Response {
        status,
        headers: BTreeMap::new(),
        body: None,
    }
}
