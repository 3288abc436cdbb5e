//! `providers`: upstreams and their selection.

use serde::Serialize;

use super::preset::find_preset;
use crate::decode::{Millis, string_enum};

/// `providers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Providers {
    /// The upstreams, in the order of the file.
    pub targets: Vec<Target>,
    /// The selection of an upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// The conditions under which the next upstream is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// The conditions under which an upstream is not used for some time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// The timeouts of upstreams without timeouts of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
}

impl Providers {
    /// Returns the upstreams that receive requests, in routing order: those named by
    /// `routing.order`, or all of them in the order of the file.
    #[must_use]
    pub fn routed(&self) -> Vec<&Target> {
        let order = self.routing.as_ref().and_then(|r| r.order.as_ref());
        match order {
            Some(ids) => ids
                .iter()
                .filter_map(|id| self.targets.iter().find(|target| &target.id == id))
                .collect(),
            None => self.targets.iter().collect(),
        }
    }
}

/// One of `providers.targets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Target {
    /// The unique name.
    pub id: String,
    /// `echo`, the name of a [`Preset`](super::Preset), or any name of an OpenAI-compatible
    /// service, which then needs a `base_url`.
    pub provider: String,
    /// The model; absent means the model of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Further names of the model for callers; `*` matches any text. See
    /// [`Providers::route`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<String>>,
    /// The `http` or `https` address, without credentials. See
    /// [`Target::effective_base_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The reference to the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretRef>,
    /// The header that contains the credential (default `Authorization`,
    /// `api-key` for `azure-openai`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_header: Option<String>,
    /// StringEnum before the credential (default `Bearer` in `Authorization`, none
    /// elsewhere); may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_prefix: Option<String>,
    /// The share of requests under `weighted` (default 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// The data policy of the upstream; no requirement is enforced, so none is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_policy: Option<DataPolicy>,
    /// A shorthand for `data_policy.zero_data_retention`: only `false` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zdr: Option<bool>,
    /// Whether the upstream may collect data: only `allow` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_collection: Option<DataCollection>,
    /// The timeouts of this upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
}

impl Target {
    /// Returns the address that requests are sent to; `None` for `echo`, which needs no network.
    #[must_use]
    pub fn effective_base_url(&self) -> Option<&str> {
        match &self.base_url {
            _ if self.provider == "echo" => None,
            Some(url) => Some(url),
            None => find_preset(&self.provider)?.base_url,
        }
    }
}

/// `secret_key_ref`: exactly one of `env` and `store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum SecretRef {
    /// The name of an environment variable.
    #[serde(rename = "env")]
    Env(String),
    /// The name of a secret in the store.
    #[serde(rename = "store")]
    Store(String),
}

/// `data_policy` of a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DataPolicy {
    /// Only `false` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_data_retention: Option<bool>,
    /// Only `false` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_opt_out: Option<bool>,
    /// The retention of data in days; not valid in this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
}

string_enum! {
    /// Whether an upstream may collect data.
    pub enum DataCollection {
        /// Collection is allowed.
        Allow = "allow",
        /// Collection is denied.
        Deny = "deny",
    }
}

/// `providers.routing`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Routing {
    /// The strategy for the first upstream (default `ordered`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// The ids of the targets that receive requests, in this order; absent means all targets in the
    /// order of the file. See [`Providers::routed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<String>>,
    /// The model that serves requests for unknown models; absent means that they are
    /// rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
}

string_enum! {
    /// The strategy for the first upstream of a request.
    pub enum Strategy {
        /// The first available upstream.
        Ordered = "ordered",
        /// Each upstream in turn.
        RoundRobin = "round_robin",
        /// In proportion to `weight`.
        Weighted = "weighted",
        /// The upstream with the lowest recent latency.
        LowestLatency = "lowest_latency",
    }
}

/// `providers.fallback`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Fallback {
    /// The failures after which the next upstream is tried (default all).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggers: Option<Vec<Trigger>>,
    /// The maximum number of further upstreams that are tried, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fallback_attempts: Option<u64>,
}

string_enum! {
    /// A failure after which the next upstream is tried.
    pub enum Trigger {
        /// The upstream returned 429.
        RateLimit = "rate_limit",
        /// The upstream returned 5xx, or the connection failed.
        ServerError = "server_error",
        /// A timeout expired before the first byte.
        Timeout = "timeout",
    }
}

/// `providers.circuit_breaker`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CircuitBreaker {
    /// Whether the circuit breaker is enabled (default yes if the block is present).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The consecutive failures that open the circuit, 1 to 1000 (default 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<u64>,
    /// The seconds until a probe is allowed, 1 to 86400 (default 30).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown_seconds: Option<u64>,
}

/// `timeouts`, of one target or of all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timeouts {
    /// The timeout for connecting, including the TLS handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Millis>,
    /// The timeout from the request to the first byte of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<Millis>,
    /// The timeout between two parts of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Millis>,
    /// The timeout for the whole exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Millis>,
}
