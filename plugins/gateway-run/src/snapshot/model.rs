//! The immutable snapshot.

use super::credential::Credential;
use super::endpoint::Endpoint;
use super::guards::GuardClient;
use crate::metrics::{EvaluationCounters, Metrics, UpstreamMetrics};
use crate::request_id::REQUEST_ID;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, StatusCode};
use kt_policy::{
    Chain, CircuitBreaker, Document, Fallback, ModelMatch, Strategy, Target, find_preset,
};
use std::sync::OnceLock;
use std::time::Duration;

/// A compiled configuration. A request uses the same snapshot to its end.
pub(crate) struct Snapshot {
    /// The version number; `None` for a configuration that was never published.
    pub(crate) version: Option<u64>,
    /// The hash of the canonical form, hexadecimal.
    pub(crate) sha256: String,
    /// The parsed configuration.
    pub(crate) document: Document,
    /// The source text.
    pub(crate) content: String,
    /// The compiled policy chain.
    pub(crate) chain: Chain,
    /// The counters of the policies, in the order of [`Chain::kinds`].
    pub(crate) evaluations: Vec<EvaluationCounters>,
    /// The guards outside of the gateway, in the order of [`Chain::guards`].
    pub(crate) guards: Vec<GuardClient>,
    /// The upstreams in routing order.
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) strategy: Strategy,
    pub(crate) fallback: Fallback,
    pub(crate) breaker: CircuitBreaker,
    /// The status of requests and responses that a policy blocks.
    pub(crate) refusal_status: StatusCode,
    /// The maximum size of a request body, bytes.
    pub(crate) max_request_bytes: usize,
    /// The maximum size of a response body that is buffered for inspection, bytes.
    pub(crate) max_response_bytes: usize,
}

/// One upstream.
pub(crate) struct Upstream {
    pub(crate) target: Target,
    /// The address of chat completions; `None` for `echo`.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) credential: Credential,
    pub(crate) timeouts: UpstreamTimeouts,
    /// The headers of a request, of which the id is set for each: a map that is complete is
    /// copied without its names being hashed.
    pub(crate) headers: HeaderMap,
    metrics: OnceLock<UpstreamMetrics>,
}

/// The timeouts of an upstream.
pub(crate) struct UpstreamTimeouts {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    /// Between two chunks of a stream.
    pub(crate) stream_idle: Duration,
    /// Between two chunks of a whole response; only if it is configured, since some
    /// providers send the headers long before the response.
    pub(crate) idle: Option<Duration>,
    pub(crate) total: Duration,
}

impl Upstream {
    pub(super) fn new(
        target: Target,
        endpoint: Option<Endpoint>,
        credential: Credential,
        timeouts: UpstreamTimeouts,
    ) -> Self {
        Self {
            headers: request_headers(endpoint.as_ref(), &credential),
            target,
            endpoint,
            credential,
            timeouts,
            metrics: OnceLock::new(),
        }
    }

    /// Returns its metrics. The labels are names of the configuration, never those that
    /// callers invent: the model of the target, or its id.
    pub(crate) fn metrics(&self, metrics: &Metrics) -> &UpstreamMetrics {
        self.metrics.get_or_init(|| {
            let model = self.target.model.as_deref().unwrap_or(self.id());
            metrics.upstream(&self.target.provider, model, self.id())
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.target.id
    }

    /// Whether the upstream reports the token usage of a stream on request. Unknown
    /// providers are assumed to be compatible.
    pub(crate) fn has_stream_usage(&self) -> bool {
        find_preset(&self.target.provider).is_none_or(|preset| preset.stream_usage)
    }

    /// Whether requests can be sent to it.
    pub(crate) fn is_available(&self) -> bool {
        !matches!(self.credential, Credential::Missing)
    }
}

fn request_headers(endpoint: Option<&Endpoint>, credential: &Credential) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(endpoint) = endpoint {
        headers.insert(HOST, endpoint.host.clone());
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, text/event-stream"),
    );
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(REQUEST_ID, HeaderValue::from_static(""));
    if let Credential::Header(name, value) = credential {
        headers.insert(name.clone(), value.clone());
    }
    headers
}

impl Snapshot {
    /// Whether the policies are enforced (`pack.enabled`).
    pub(crate) fn enforces(&self) -> bool {
        self.document.pack.enabled
    }

    /// Returns the upstreams that serve a model, in routing order, whether or not
    /// they are available; empty for an unknown model.
    pub(crate) fn route(&self, requested: &str) -> Vec<&Upstream> {
        let Some(providers) = &self.document.providers else {
            return self.upstreams.iter().collect();
        };
        let ids = providers.route(requested);
        // Under `--upstream` a single one replaces those of the document.
        match self.upstreams.as_slice() {
            [only] if only.target.matches_any_model() => vec![only],
            all => all
                .iter()
                .filter(|u| ids.iter().any(|target| target.id == u.target.id))
                .collect(),
        }
    }

    /// Returns the names of the models that are served now, each with its provider.
    pub(crate) fn models(&self) -> Vec<(&str, &str)> {
        let mut models: Vec<(&str, &str)> = Vec::new();
        let permits = |u: &&Upstream| u.is_available() && self.chain.permits(&u.target);
        for upstream in self.upstreams.iter().filter(permits) {
            for name in upstream.target.model_names() {
                if models.iter().all(|(other, _)| *other != name) {
                    models.push((name, &upstream.target.provider));
                }
            }
        }
        models
    }

    /// Returns the requested model as a metric label: one of the configuration, since
    /// callers must not create labels.
    pub(crate) fn model_label(&self, requested: &str) -> &str {
        let mut names = self.upstreams.iter().flat_map(|u| u.target.model_names());
        if let Some(name) = names.find(|name| *name == requested) {
            return name;
        }
        let is_known = self
            .upstreams
            .iter()
            .any(|u| matches!(u.target.match_model(requested), Some(ModelMatch::Qualified)));
        if is_known { "target/model" } else { "other" }
    }
}
