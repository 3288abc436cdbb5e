//! `gateway` and `size_limits`.

use super::defaults;
use crate::settings::{Weaker, boolean, group, integer, ports, settings};

/// The maximum of both body limits (1 GiB): bodies are held in memory.
const MAX_BODY_BYTES: u64 = 1 << 30;

settings! {
    /// Settings of the process.
    pub Gateway, unsupported ["listen", "logging"] {
        /// Whether the whole configuration is rejected if the secret of an upstream is missing;
        /// otherwise only that upstream is unavailable.
        strict: bool = boolean().default(false).weaker(Weaker::Off);
        /// Restrictions of outbound connections.
        outbound: Outbound = group();
        /// The HTTP status of requests and responses that a policy blocks. No client retries 400;
        /// the compatible product has 409.
        refusal_status: u64 = integer(400..=499).default(defaults::REFUSAL_STATUS);
    }
}

settings! {
    /// Restrictions of outbound connections.
    pub Outbound {
        /// The ports that upstreams may use, together with the gateway's own limits; absent means
        /// any.
        allowed_ports: Vec<u16> = ports();
    }
}

settings! {
    /// Limits in bytes.
    pub SizeLimits {
        /// The maximum size of a request body.
        max_body_bytes: u64 = integer(1..=MAX_BODY_BYTES).default(defaults::MAX_BODY_BYTES)
            .weaker(Weaker::Higher("a size limit is raised"));
        /// The maximum size of a response body.
        max_response_bytes: u64 = integer(1..=MAX_BODY_BYTES).default(defaults::MAX_RESPONSE_BYTES)
            .weaker(Weaker::Higher("a size limit is raised"));
    }
}
