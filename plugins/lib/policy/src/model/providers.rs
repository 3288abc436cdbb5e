//! `providers`: upstreams and their selection.

use serde::Serialize;

use super::defaults;
use super::preset::find_preset;
use super::strategy::{Strategy, Trigger};
use crate::decode::{Millis, string_enum};
use crate::settings::{boolean, choices, duration, integer, settings};

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
    /// The data policy of the upstream, which `data-routing-policy` reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_policy: Option<DataPolicy>,
    /// A shorthand for `data_policy.zero_data_retention`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zdr: Option<bool>,
    /// Whether the upstream collects data to train models; `deny` is a shorthand for
    /// `data_policy.training_opt_out`.
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

    /// Returns for how many days the upstream keeps data; `None` if nothing states it.
    #[must_use]
    pub fn retention_days(&self) -> Option<u64> {
        let policy = self.data_policy.as_ref();
        let stated = self.zdr.or(policy.and_then(|p| p.zero_data_retention));
        if stated == Some(true) {
            return Some(0);
        }
        policy.and_then(|p| p.retention_days)
    }

    /// Whether it is stated that the upstream trains no models on data.
    #[must_use]
    pub fn excludes_training(&self) -> bool {
        let policy = self.data_policy.as_ref();
        self.data_collection == Some(DataCollection::Deny)
            || policy.and_then(|p| p.training_opt_out) == Some(true)
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
    /// Whether the upstream keeps no data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_data_retention: Option<bool>,
    /// Whether the upstream trains no models on data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_opt_out: Option<bool>,
    /// The days for which the upstream keeps data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
}

string_enum! {
    /// Whether an upstream collects data to train models.
    pub enum DataCollection {
        /// It may.
        Allow = "allow",
        /// It does not.
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

settings! {
    /// The conditions under which the next upstream is tried.
    pub Fallback {
        /// The failures after which the next upstream is tried.
        triggers: Vec<Trigger> = choices().default(defaults::FALLBACK_TRIGGERS.to_vec());
        /// The maximum number of further upstreams that are tried.
        max_fallback_attempts: u64 = integer(0..=10).default(defaults::FALLBACK_ATTEMPTS);
    }
}

settings! {
    /// The conditions under which an upstream is not used for some time.
    pub CircuitBreaker, unsupported ["half_open_max_probes"] {
        /// Whether the circuit breaker is enabled, if the block is present.
        enabled: bool = boolean().default(true);
        /// The consecutive failures that open the circuit.
        failure_threshold: u64 = integer(1..=1000).default(defaults::FAILURE_THRESHOLD);
        /// The seconds until a probe is allowed.
        cooldown_seconds: u64 = integer(1..=86_400).default(defaults::COOLDOWN_SECONDS);
    }
}

settings! {
    /// Timeouts, of one target or of all.
    pub Timeouts {
        /// The timeout for connecting, including the TLS handshake.
        connect: Millis = duration().default(defaults::CONNECT_TIMEOUT);
        /// The timeout from the request to the first byte of the response.
        first_byte: Millis = duration().default(defaults::RESPONSE_TIMEOUT);
        /// The timeout between two parts of the response; by default none, and 60s for streams.
        idle: Millis = duration();
        /// The timeout for the whole exchange.
        total: Millis = duration().default(defaults::RESPONSE_TIMEOUT);
    }
}
