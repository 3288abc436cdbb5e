//! Pinning of versions, and pruning of their contents.

use kt_control_api::{ProblemItem, PruneRequest, PruneResponse};

use super::checks::{check_reason, parse_version};
use super::error::validation_failed;
use super::input;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::{json_response, set_replayed};
use super::service::{Api, RequestContext};
use crate::store::{GatewayRef, PruneOptions};

impl Api {
    /// Pins or unpins a version.
    pub(super) fn pin(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        number: &str,
        pinned: bool,
    ) -> HandlerResult {
        let (version, change) = (parse_version(number)?, self.change(context)?);
        let receipt = self.store_result(self.store().pin(&change, key, version, pinned))?;
        let version = self.store().version(&receipt.gateway, version);
        let mut response = json_response(200, &self.store_result(version)?);
        set_replayed(&mut response, receipt.replayed);
        Ok(Reply::complete(response, WakeTarget::None))
    }

    /// Prunes the contents of old versions.
    pub(super) fn prune(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: PruneRequest = input::json_body(context.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        if body.keep == 0 || i64::try_from(body.keep).is_err() {
            let message = format!("`keep` must be between 1 and {}", i64::MAX);
            let item = ProblemItem::at("/keep", "out-of-bounds", message);
            return Err(validation_failed(vec![item]));
        }
        let prune = PruneOptions {
            keep: body.keep,
            dry_run: body.dry_run,
            reason: body.reason,
        };
        let pruned = self.store().prune(&self.change(context)?, key, &prune);
        let pruned = self.store_result(pruned)?;
        let counts = pruned
            .versions
            .iter()
            .map(|range| range.to - range.from + 1);
        let body = PruneResponse {
            gateway: pruned.gateway,
            count: counts.sum(),
            versions: pruned.versions,
            bytes: pruned.bytes,
        };
        let mut response = json_response(200, &body);
        set_replayed(&mut response, pruned.replayed);
        Ok(Reply::complete(response, WakeTarget::None))
    }
}
