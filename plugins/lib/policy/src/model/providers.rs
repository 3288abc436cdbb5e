//! `providers`: upstreams and how one is chosen.

use serde::Serialize;

use super::millis::Millis;
use super::word::words;

/// `providers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Providers {
    /// The upstreams, in the order of the file.
    pub targets: Vec<Target>,
    /// How an upstream is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// When the next upstream is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// When an upstream is left alone for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Time limits of every upstream that has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
}

impl Providers {
    /// The upstreams that take requests, in routing order: those named by
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
    /// Unique name.
    pub id: String,
    /// `echo`, `openai`, `anthropic`, or any name of an OpenAI-compatible
    /// service, which then needs a `base_url`.
    pub provider: String,
    /// Model to ask for; absent means the one the caller names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `http` or `https` address without credentials. See
    /// [`Target::effective_base_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Where the credential comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretRef>,
    /// Header that carries the credential (default `Authorization`,
    /// `x-api-key` for `anthropic`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_header: Option<String>,
    /// Word before the credential (default `Bearer` in `Authorization`, none
    /// elsewhere); may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_prefix: Option<String>,
    /// Share of the requests under `weighted` (default 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// What the upstream promises about data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_policy: Option<DataPolicy>,
    /// Shorthand for `data_policy.zero_data_retention`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zdr: Option<bool>,
    /// Whether the upstream may collect data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_collection: Option<DataCollection>,
    /// Time limits of this upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
}

impl Target {
    /// The address requests go to; `None` for `echo`, which needs no network.
    #[must_use]
    pub fn effective_base_url(&self) -> Option<&str> {
        match (&self.base_url, self.provider.as_str()) {
            (_, "echo") => None,
            (Some(url), _) => Some(url),
            (None, "openai") => Some("https://api.openai.com"),
            (None, "anthropic") => Some("https://api.anthropic.com"),
            (None, _) => None,
        }
    }
}

/// `secret_key_ref`: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum SecretRef {
    /// Name of an environment variable.
    #[serde(rename = "env")]
    Env(String),
    /// Name of a secret in the store.
    #[serde(rename = "store")]
    Store(String),
}

/// `data_policy` of a target: descriptive.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DataPolicy {
    /// Nothing is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_data_retention: Option<bool>,
    /// Nothing is used for training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_opt_out: Option<bool>,
    /// Days that data is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
}

words! {
    /// Whether an upstream may collect data.
    pub enum DataCollection {
        /// It may.
        Allow = "allow",
        /// It may not.
        Deny = "deny",
    }
}

/// `providers.routing`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Routing {
    /// How the first upstream is chosen (default `ordered`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Ids that take requests, in this order; absent means all targets in the
    /// order of the file. See [`Providers::routed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<String>>,
}

words! {
    /// How the first upstream of a request is chosen.
    pub enum Strategy {
        /// The first that is available.
        Ordered = "ordered",
        /// Each in turn.
        RoundRobin = "round_robin",
        /// In proportion to `weight`.
        Weighted = "weighted",
        /// The one that answered fastest of late.
        LowestLatency = "lowest_latency",
    }
}

/// `providers.fallback`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Fallback {
    /// What makes the gateway try the next upstream (default all of them).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggers: Option<Vec<Trigger>>,
    /// Most further upstreams that are tried, 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fallback_attempts: Option<u64>,
}

words! {
    /// What makes the gateway try the next upstream.
    pub enum Trigger {
        /// The upstream answered 429.
        RateLimit = "rate_limit",
        /// The upstream answered 5xx, or no connection was possible.
        ServerError = "server_error",
        /// A time limit passed before the first byte.
        Timeout = "timeout",
    }
}

/// `providers.circuit_breaker`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CircuitBreaker {
    /// Whether it is in use (default yes when the block is there).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Failures in a row that open the circuit, 1 to 1000 (default 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<u64>,
    /// Seconds until a probe is let through, 1 to 86400 (default 30).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown_seconds: Option<u64>,
}

/// `timeouts`, of one target or of all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timeouts {
    /// To a connection, handshake included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Millis>,
    /// From the request to the first byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<Millis>,
    /// Between two parts of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Millis>,
    /// For the whole exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Millis>,
}
