//! The settings.

use crate::decode::string_enum;
use crate::settings::{Weaker, boolean, choice, integer, settings};

settings! {
    /// The upstreams that may receive requests, by what their targets state about data.
    pub(crate) DataRoutingPolicy, unsupported ["log_provider_selection"] {
        /// Whether an upstream must keep no data: `zdr` or `data_policy.zero_data_retention`.
        require_zero_data_retention: bool = boolean().default(false).weaker(Weaker::Off);
        /// Whether an upstream must not train models on data: `data_policy.training_opt_out`, or
        /// `data_collection: deny`.
        require_no_training: bool = boolean().default(false).weaker(Weaker::Off);
        /// The days for which an upstream may keep data; one that states no
        /// `data_policy.retention_days` may keep it forever.
        max_retention_days: u64 = integer(0..=36_500)
            .weaker(Weaker::Higher("upstreams may keep data for longer"));
        /// The response if no upstream of the model complies.
        on_no_compliant_provider: OnNoCompliantProvider = choice()
            .default(ON_NO_COMPLIANT_PROVIDER)
            .weaker(Weaker::Action);
    }
}

string_enum! {
    /// The response if no upstream of a model complies.
    pub(crate) enum OnNoCompliantProvider {
        /// The request is blocked.
        Block = "block",
        /// The request is sent to the upstreams of the model, and the finding is recorded.
        Warn = "warn",
    }
}

/// The default of `on_no_compliant_provider`.
pub(super) const ON_NO_COMPLIANT_PROVIDER: OnNoCompliantProvider = OnNoCompliantProvider::Block;
