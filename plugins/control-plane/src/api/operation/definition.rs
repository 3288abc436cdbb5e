//! The definition of an operation, and the checks that it makes before its handler runs.

use kt_control_api::{Method, ProblemCode, Request};

use super::content::Content;
use super::parameter::Parameter;
use crate::api::error::{ApiError, api_error};
use crate::api::principal::Scope;
use crate::api::reply::{HandlerResult, Reply};
use crate::api::service::{Api, RequestContext};
use crate::api::submitted_config::SubmittedConfig;
use crate::store::GatewayRef;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Access {
    /// Everyone, without a token.
    Public,
    /// Everyone at a loopback address without TLS; otherwise as [`Access::Read`].
    LoopbackPublic,
    /// Every caller with a valid token.
    Authenticated,
    /// Callers that may read everything.
    Read,
    /// Callers that may read everything, and the gateway in the path.
    ReadGateway,
    /// Administrators, and the gateway in the path.
    WriteGateway,
    /// Administrators, and holders of a bootstrap token.
    Register,
    /// Administrators.
    Admin,
}

/// The function that executes an operation.
pub(in crate::api) type Handler = fn(&Api, &RequestContext<'_>, &PathParams<'_>) -> HandlerResult;

/// The function that executes an operation without a write, and without waiting for other processes.
/// `None` when that is not possible, and for errors: the other handler then executes it.
pub(in crate::api) type ImmediateHandler =
    fn(&Api, &RequestContext<'_>, &PathParams<'_>) -> Option<Reply>;

/// One method on one path.
pub(in crate::api) struct Operation {
    /// The method.
    pub(in crate::api) method: Method,
    /// The path template; `{name}` matches one segment.
    pub(in crate::api) path: &'static str,
    /// Length of the path before its first `{name}`.
    literal_prefix: usize,
    /// The operation id in the OpenAPI document.
    pub(in crate::api) id: &'static str,
    /// The summary in the OpenAPI document.
    pub(in crate::api) summary: &'static str,
    /// Who may call it. [`Access::ReadGateway`] and [`Access::WriteGateway`] depend on the gateway,
    /// so their handlers check them.
    pub(in crate::api) access: Access,
    /// Query parameters. Others are rejected as misspelled.
    pub(in crate::api) query: &'static [Parameter],
    /// The body of the request.
    pub(in crate::api) body: Option<Content>,
    /// Whether an absent body means an empty object.
    pub(in crate::api) body_optional: bool,
    /// The responses by status.
    pub(in crate::api) responses: &'static [(u16, Content)],
    /// Errors besides those that follow from the other fields.
    pub(in crate::api) errors: &'static [ProblemCode],
    /// Whether it evaluates `If-Match`.
    pub(in crate::api) conditional: bool,
    /// Whether it evaluates `If-None-Match`.
    pub(in crate::api) cacheable: bool,
    /// Whether a server compresses the response for clients that accept that.
    pub(in crate::api) compressible: bool,
    /// Whether it accepts `Idempotency-Key`.
    pub(in crate::api) idempotent: bool,
    /// Returns the configuration in the body, to validate it ahead of the change.
    pub(in crate::api) config_in_body: Option<fn(&Request) -> Option<SubmittedConfig>>,
    /// Whether it takes long, so that the write queue must not execute it.
    pub(in crate::api) blocking: bool,
    /// Whether the response is a stream, which only a server sends.
    pub(in crate::api) streaming: bool,
    /// Executes it on the event loop, where that is possible.
    pub(in crate::api) immediate: Option<ImmediateHandler>,
    /// Executes it.
    pub(in crate::api) handler: Handler,
}

/// The segments of a path that match a `{name}` of the template.
pub(in crate::api) struct PathParams<'a>(Vec<&'a str>);

impl PathParams<'_> {
    /// Returns the gateway in the path.
    pub(in crate::api) fn gateway(&self) -> GatewayRef {
        GatewayRef::parse(self.get(0))
    }

    /// Returns a segment by its index.
    pub(in crate::api) fn get(&self, index: usize) -> &str {
        self.0.get(index).copied().unwrap_or_default()
    }
}

impl Operation {
    /// Returns an operation without query parameters and body.
    pub(in crate::api) const fn new(
        method: Method,
        path: &'static str,
        access: Access,
        (id, summary): (&'static str, &'static str),
        responses: &'static [(u16, Content)],
        handler: Handler,
    ) -> Self {
        Self {
            method,
            path,
            literal_prefix: literal_prefix(path),
            id,
            summary,
            access,
            query: &[],
            body: None,
            body_optional: false,
            responses,
            errors: &[],
            conditional: false,
            cacheable: false,
            compressible: false,
            idempotent: false,
            config_in_body: None,
            blocking: false,
            streaming: false,
            immediate: None,
            handler,
        }
    }

    /// Sets the query parameters.
    pub(in crate::api) const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// Sets a required body.
    pub(in crate::api) const fn body(mut self, body: Content) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets an optional body.
    pub(in crate::api) const fn optional_body(mut self, body: Content) -> Self {
        self.body_optional = true;
        self.body(body)
    }

    /// Sets further errors.
    pub(in crate::api) const fn errors(mut self, errors: &'static [ProblemCode]) -> Self {
        self.errors = errors;
        self
    }

    /// Enables `If-Match`.
    pub(in crate::api) const fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// Enables `If-None-Match`.
    pub(in crate::api) const fn cacheable(mut self) -> Self {
        self.cacheable = true;
        self
    }

    /// Enables compression of the response over HTTP.
    pub(in crate::api) const fn compressible(mut self) -> Self {
        self.compressible = true;
        self
    }

    /// Enables `Idempotency-Key`.
    pub(in crate::api) const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sets how to find the configuration in the body.
    pub(in crate::api) const fn config_in_body(
        mut self,
        find: fn(&Request) -> Option<SubmittedConfig>,
    ) -> Self {
        self.config_in_body = Some(find);
        self
    }

    /// Executes the operation outside of the write queue.
    pub(in crate::api) const fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// Marks the response as a stream.
    pub(in crate::api) const fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// Sets how to execute it without a write and without waiting, when that is possible.
    pub(in crate::api) const fn immediate(mut self, handler: ImmediateHandler) -> Self {
        self.immediate = Some(handler);
        self
    }

    /// Returns whether requests may wait, with the parameter `wait`.
    pub(in crate::api) fn can_wait(&self) -> bool {
        self.query.iter().any(|parameter| parameter.name == "wait")
    }

    /// Returns whether the response is a stream of events, which can be resumed with
    /// `Last-Event-ID`.
    pub(in crate::api) fn sends_events(&self) -> bool {
        let mut responses = self.responses.iter();
        responses.any(|(_, content)| matches!(content, Content::Events))
    }

    /// Matches a path with the template.
    pub(in crate::api) fn matches<'a>(&self, path: &'a str) -> Option<PathParams<'a>> {
        // Every request is matched with every operation, and most differ in the literal prefix.
        let (prefix, mut template) = self.path.split_at(self.literal_prefix);
        let mut rest = path.strip_prefix(prefix)?;
        let mut params = Vec::new();
        while let Some((literal, after)) = template.split_once('{') {
            rest = rest.strip_prefix(literal)?;
            let (segment, remainder) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if segment.is_empty() {
                return None;
            }
            params.push(segment);
            rest = remainder;
            template = after.split_once('}').map_or("", |(_, after)| after);
        }
        (rest == template).then_some(PathParams(params))
    }

    /// Rejects callers without access, and unknown query parameters.
    pub(in crate::api) fn authorize(&self, context: &RequestContext<'_>) -> Result<(), ApiError> {
        let caller = context.caller;
        match self.access {
            Access::Admin => caller.require_admin()?,
            Access::Register => caller.require_register()?,
            Access::Read => caller.require_read()?,
            // The server lets a caller without a token pass only at a loopback address.
            Access::LoopbackPublic if caller.scope == Scope::None => {}
            Access::LoopbackPublic => caller.require_read()?,
            Access::Public | Access::Authenticated | Access::ReadGateway | Access::WriteGateway => {
            }
        }
        self.check_query(context.request)
    }

    fn check_query(&self, request: &Request) -> Result<(), ApiError> {
        let exists = |key: &str| self.query.iter().any(|parameter| parameter.name == key);
        match request.query.keys().find(|key| !exists(key)) {
            Some(key) => Err(api_error(
                ProblemCode::MalformedRequest,
                format!("unknown query parameter `{key}`"),
            )),
            None => Ok(()),
        }
    }
}

const fn literal_prefix(path: &str) -> usize {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'{' {
        at += 1;
    }
    at
}
