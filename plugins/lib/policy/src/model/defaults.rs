//! The defaults of settings: what a gateway does where a configuration says nothing.
//!
//! The comparison of configurations and the gateway both read them here.

use super::strategy::{Strategy, Trigger};
use crate::decode::Millis;

/// `providers.targets[].weight`
pub const WEIGHT: u64 = 1;
/// `providers.routing.strategy`
pub const STRATEGY: Strategy = Strategy::Ordered;
/// `providers.fallback.triggers`
pub const FALLBACK_TRIGGERS: [Trigger; 3] =
    [Trigger::RateLimit, Trigger::ServerError, Trigger::Timeout];
/// `providers.fallback.max_fallback_attempts`: the number of attempts beyond the first.
pub const FALLBACK_ATTEMPTS: u64 = 2;
/// `providers.circuit_breaker.failure_threshold`: the number of consecutive failures that open a
/// circuit.
pub const FAILURE_THRESHOLD: u64 = 5;
/// `providers.circuit_breaker.cooldown_seconds`: the time that a circuit stays open.
pub const COOLDOWN_SECONDS: u64 = 30;
/// `providers.timeouts.connect`
pub const CONNECT_TIMEOUT: Millis = Millis::from_seconds(5);
/// `providers.timeouts.first_byte` and `providers.timeouts.total`: reasoning models think for
/// minutes before their first byte.
pub const RESPONSE_TIMEOUT: Millis = Millis::from_seconds(600);
/// `providers.timeouts.idle` of streams. Whole responses have none: some providers send the
/// headers long before the response.
pub const STREAM_IDLE_TIMEOUT: Millis = Millis::from_seconds(60);

/// `size_limits.max_body_bytes`: images travel as base64, and OpenAI accepts 50 MB.
pub const MAX_BODY_BYTES: u64 = 32 << 20;
/// `size_limits.max_response_bytes`
pub const MAX_RESPONSE_BYTES: u64 = 8 << 20;
/// `gateway.refusal_status`: no client repeats a request that was refused with it.
pub const REFUSAL_STATUS: u64 = 400;
