//! The policy.

use super::settings::{DataRoutingPolicy, ON_NO_COMPLIANT_PROVIDER, OnNoCompliantProvider};
use crate::chain::{Block, Build, Finding, Policy, RoutePhase};
use crate::model::{PolicyKind, Target};

/// The reason code of a refusal.
const REASON: &str = "data_routing_policy.no_compliant_provider";

impl Policy for DataRoutingPolicy {
    const KIND: PolicyKind = PolicyKind::new("data-routing-policy");
    const REASON: Option<&'static str> = Some(REASON);

    fn compile(&self, build: &mut Build<'_>) {
        build.route(self.clone());
    }
}

impl RoutePhase for DataRoutingPolicy {
    fn permits(&self, target: &Target) -> bool {
        let retention = target.retention_days();
        let kept_too_long = |days| retention.is_none_or(|kept| kept > days);
        let requires = |required: Option<bool>| required.unwrap_or(false);
        (retention == Some(0) || !requires(self.require_zero_data_retention))
            && (target.excludes_training() || !requires(self.require_no_training))
            && !self.max_retention_days.is_some_and(kept_too_long)
    }

    fn none_permitted(&self) -> Result<Finding, Block> {
        let action = self.on_no_compliant_provider;
        match action.unwrap_or(ON_NO_COMPLIANT_PROVIDER) {
            OnNoCompliantProvider::Warn => Ok(Finding {
                policy: Self::KIND,
                kind: "no-compliant-provider",
                count: 1,
                level: None,
            }),
            OnNoCompliantProvider::Block => Err(Block {
                policy: Self::KIND,
                code: "route_blocked",
                message: format!(
                    "refused by the policy {}: no upstream of the model complies with it",
                    Self::KIND
                ),
                reason: REASON,
            }),
        }
    }
}
