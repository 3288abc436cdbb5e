//! How an upstream is selected, and when the next one.

use crate::decode::string_enum;

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
