//! What one operation of the API is.

use kt_control_api::{Method, ProblemCode, Request};

use super::document::{Content, Parameter};
use super::refusal::{Refusal, refuse};
use super::respond::Outcome;
use super::service::Call;
use super::verdict::Held;
use super::{Api, Scope};
use crate::store::GatewayRef;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody, without a token.
    Open,
    /// Anybody who is near: at a loopback address, without TLS. Others as [`Access::Read`].
    Near,
    /// Any caller who is known.
    Known,
    /// Whoever may look at everything.
    Read,
    /// Whoever may look at everything, and the gateway that the path names.
    See,
    /// An administrator, and the gateway that the path names.
    Act,
    /// An administrator, and who has a token to register one gateway with.
    Register,
    /// An administrator.
    Admin,
}

/// Carries an operation out.
pub(super) type Handler = fn(&Api, &Call<'_>, &Place<'_>) -> Outcome;

/// One method on one path.
pub(super) struct Operation {
    /// The method.
    pub(super) method: Method,
    /// The path; `{name}` stands for any one segment.
    pub(super) path: &'static str,
    /// Length of the path up to its first `{name}`.
    fixed: usize,
    /// Name for programs that are made from the description.
    pub(super) id: &'static str,
    /// What it does, in one line.
    pub(super) summary: &'static str,
    /// Who may call it. [`Access::See`] and [`Access::Act`] need the gateway, so their handlers
    /// look for themselves.
    pub(super) access: Access,
    /// Query parameters; others are refused as misspelt.
    pub(super) query: &'static [Parameter],
    /// What is sent.
    pub(super) body: Option<Content>,
    /// Whether an absent body stands for an empty object.
    pub(super) optional: bool,
    /// What comes back, by status.
    pub(super) answers: &'static [(u16, Content)],
    /// Causes of failure beyond those that follow from the rest.
    pub(super) fails: &'static [ProblemCode],
    /// Whether it heeds `If-Match`.
    pub(super) conditional: bool,
    /// Whether it heeds `If-None-Match`.
    pub(super) cached: bool,
    /// Whether a server sends it compressed or in part to whoever asks for that.
    pub(super) divisible: bool,
    /// Whether it heeds `Idempotency-Key`.
    pub(super) once: bool,
    /// Finds the configuration that is sent, to judge it ahead.
    pub(super) holds: Option<fn(&Request) -> Option<Held>>,
    /// Whether it takes long, and is not carried out among the changes.
    pub(super) apart: bool,
    /// Whether what comes back is a stream, which only a server sends.
    pub(super) streamed: bool,
    /// What carries it out.
    pub(super) run: Handler,
}

/// The segments of a path for which a `{name}` stands.
pub(super) struct Place<'a>(Vec<&'a str>);

impl Place<'_> {
    /// The gateway that the path names.
    pub(super) fn gateway(&self) -> GatewayRef {
        GatewayRef::parse(self.segment(0))
    }

    /// One of the segments.
    pub(super) fn segment(&self, at: usize) -> &str {
        self.0.get(at).copied().unwrap_or_default()
    }
}

impl Operation {
    /// An operation that takes no query and no body.
    pub(super) const fn new(
        method: Method,
        path: &'static str,
        access: Access,
        (id, summary): (&'static str, &'static str),
        answers: &'static [(u16, Content)],
        run: Handler,
    ) -> Self {
        Self {
            method,
            path,
            fixed: fixed(path),
            id,
            summary,
            access,
            query: &[],
            body: None,
            optional: false,
            answers,
            fails: &[],
            conditional: false,
            cached: false,
            divisible: false,
            once: false,
            holds: None,
            apart: false,
            streamed: false,
            run,
        }
    }

    /// The same with query parameters.
    pub(super) const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// The same with a body.
    pub(super) const fn body(mut self, body: Content) -> Self {
        self.body = Some(body);
        self
    }

    /// The same with a body that may be absent.
    pub(super) const fn may_say(mut self, body: Content) -> Self {
        self.optional = true;
        self.body(body)
    }

    /// The same with further causes of failure.
    pub(super) const fn fails(mut self, fails: &'static [ProblemCode]) -> Self {
        self.fails = fails;
        self
    }

    /// The same, heeding `If-Match`.
    pub(super) const fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// The same, heeding `If-None-Match`.
    pub(super) const fn cached(mut self) -> Self {
        self.cached = true;
        self
    }

    /// The same, heeding `Accept-Encoding`, `Range` and `If-Range` over HTTP. Its answers need a
    /// strong `ETag`.
    pub(super) const fn divisible(mut self) -> Self {
        self.divisible = true;
        self
    }

    /// The same, heeding `Idempotency-Key`.
    pub(super) const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The same, with a configuration in what is sent.
    pub(super) const fn holds(mut self, find: fn(&Request) -> Option<Held>) -> Self {
        self.holds = Some(find);
        self
    }

    /// The same, apart from the changes.
    pub(super) const fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// The same, answering with a stream.
    pub(super) const fn streamed(mut self) -> Self {
        self.streamed = true;
        self
    }

    /// Whether it may be asked to wait for news.
    pub(super) fn waits(&self) -> bool {
        self.query.iter().any(|parameter| parameter.name == "wait")
    }

    /// Whether events come back, which heeds `Last-Event-ID`.
    pub(super) fn has_events(&self) -> bool {
        let mut answers = self.answers.iter();
        answers.any(|(_, content)| matches!(content, Content::Events))
    }

    /// Returns what the path has in place of each `{name}`, if it is one of this operation.
    pub(super) fn matches<'a>(&self, path: &'a str) -> Option<Place<'a>> {
        // Every operation is asked for every request, and nearly all of them part here.
        let (fixed, mut wanted) = self.path.split_at(self.fixed);
        let mut given = path.strip_prefix(fixed)?;
        let mut place = Vec::new();
        while let Some((fixed, rest)) = wanted.split_once('{') {
            given = given.strip_prefix(fixed)?;
            let (segment, after) = given.split_at(given.find('/').unwrap_or(given.len()));
            if segment.is_empty() {
                return None;
            }
            place.push(segment);
            given = after;
            wanted = rest.split_once('}').map_or("", |(_, rest)| rest);
        }
        (given == wanted).then_some(Place(place))
    }

    /// Refuses callers that may not and query parameters that the path does not have.
    pub(super) fn admit(&self, call: &Call<'_>) -> Result<(), Refusal> {
        match self.access {
            Access::Admin => call.caller.must_be_admin()?,
            Access::Register => call.caller.must_register()?,
            Access::Read => call.caller.must_read_all()?,
            // Who shows nothing was let in for being near.
            Access::Near if call.caller.scope == Scope::None => {}
            Access::Near => call.caller.must_read_all()?,
            Access::Open | Access::Known | Access::See | Access::Act => {}
        }
        self.only_known(call.request)
    }

    fn only_known(&self, request: &Request) -> Result<(), Refusal> {
        let known = |key: &str| self.query.iter().any(|parameter| parameter.name == key);
        match request.query.keys().find(|key| !known(key)) {
            Some(key) => Err(refuse(
                ProblemCode::MalformedRequest,
                format!("there is no parameter `{key}` here"),
            )),
            None => Ok(()),
        }
    }
}

const fn fixed(path: &str) -> usize {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'{' {
        at += 1;
    }
    at
}
