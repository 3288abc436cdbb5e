//! The results of requests: a response, or the state of one that takes longer.

use std::collections::BTreeMap;
use std::time::Duration;

use kt_control_api::{DesiredQuery, GatewayId, Response, TokenId};

use super::error::ApiError;
use crate::store::AuditFilter;

/// The result of a handler.
pub(super) type HandlerResult = Result<Reply, ApiError>;

/// The result of a request that was not an error.
#[derive(Debug)]
pub enum Reply {
    /// The response.
    Complete(ApiResponse),
    /// No response yet: check again when the gateway changes, at the latest when the wait ends.
    LongPoll(LongPoll),
    /// A stream of events without an end of its own.
    EventStream(EventStream),
    /// The rows of the audit log, page by page.
    AuditExport(AuditExport),
}

/// A response, with what the server has to do besides sending it.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    /// The response.
    pub response: Response,
    /// Which waiting requests have to check again.
    pub wake: WakeTarget,
    /// Whether the body may be compressed for transfer.
    pub compressible: bool,
}

/// Which waiting requests have to check again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeTarget {
    /// None: nothing that a request may wait for has changed.
    None,
    /// Those that wait for one gateway.
    Gateway(GatewayId),
    /// Those that wait for one of several gateways.
    Gateways(Vec<GatewayId>),
    /// Those that wait for answers of the instances of one gateway.
    Answers(GatewayId),
    /// Those that were sent with one token.
    Token(TokenId),
}

/// A request that waits for a change of one gateway.
#[derive(Debug)]
pub struct LongPoll {
    pub(super) gateway: GatewayId,
    pub(super) wait: Duration,
    pub(super) request_id: String,
    pub(super) condition: LongPollCondition,
}

/// What a long poll waits for.
#[derive(Debug)]
pub(super) enum LongPollCondition {
    /// A desired state that differs from the one in the query.
    DesiredChanged(DesiredQuery),
    /// Answers of all live instances to a generation.
    RolloutFinished {
        generation: u64,
        version: Option<u64>,
    },
}

/// A stream of the desired states of one gateway.
#[derive(Debug)]
pub struct EventStream {
    pub(super) gateway: GatewayId,
    pub(super) request_id: String,
    /// The position of the last event that was sent.
    pub(super) position: DesiredQuery,
}

/// An export of the audit log, and its progress.
#[derive(Debug)]
pub struct AuditExport {
    pub(super) request_id: String,
    pub(super) filter: AuditFilter,
    /// The number of the last row that was read.
    pub(super) last_seq: u64,
    /// The first page, which is read before the response starts.
    pub(super) first_page: Option<String>,
}

impl Reply {
    /// Returns a reply with a response.
    pub(super) fn complete(response: Response, wake: WakeTarget) -> Self {
        Self::Complete(ApiResponse {
            response,
            wake,
            compressible: false,
        })
    }

    /// Sets the id of the request, unless the response follows later.
    pub(super) fn with_request_id(mut self, id: String) -> Self {
        if let Self::Complete(complete) = &mut self {
            let headers = &mut complete.response.headers;
            drop(headers.insert("x-request-id".to_owned(), id));
        }
        self
    }

    /// Returns a reply without content.
    pub(crate) fn no_content() -> Self {
        let response = Response {
            status: 204,
            headers: BTreeMap::new(),
            body: None,
        };
        Self::complete(response, WakeTarget::None)
    }
}

impl LongPoll {
    /// Returns the gateway whose changes may end the wait.
    #[must_use]
    pub fn gateway(&self) -> &GatewayId {
        &self.gateway
    }

    /// Returns the maximum duration of the wait, from its start.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Returns whether the wait is for answers of the instances. Time alone can end it, too, as when
    /// the lease of an instance expires.
    #[must_use]
    pub fn awaits_answers(&self) -> bool {
        matches!(self.condition, LongPollCondition::RolloutFinished { .. })
    }
}

impl EventStream {
    /// Returns the gateway whose changes are sent.
    #[must_use]
    pub fn gateway(&self) -> &GatewayId {
        &self.gateway
    }

    /// Returns the id of the request that started the stream.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl AuditExport {
    /// Returns the id of the request that started the export.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl From<ApiResponse> for Response {
    fn from(response: ApiResponse) -> Self {
        response.response
    }
}
