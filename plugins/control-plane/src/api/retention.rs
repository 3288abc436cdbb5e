//! Keeping the contents of versions, or giving them up.

use kt_control_api::{ProblemItem, PruneRequest, PruneResponse};

use super::config::{check_reason, number};
use super::refusal::invalid;
use super::respond::{Outcome, Touched, done, json_of, mark};
use super::service::Call;
use super::{Api, input};
use crate::store::{GatewayRef, PruneOptions};

impl Api {
    /// Pins a version, or no longer.
    pub(super) fn pin(&self, call: &Call<'_>, key: &GatewayRef, n: &str, pinned: bool) -> Outcome {
        let (version, change) = (number(n)?, self.change(call)?);
        let receipt = self.explained(self.store().pin(&change, key, version, pinned))?;
        let found = self.store().version(&receipt.gateway, version);
        let mut response = json_of(200, &self.explained(found)?);
        mark(&mut response, receipt.replayed);
        Ok(done(response, Touched::Nobody))
    }

    /// Takes contents away that nobody needs.
    pub(super) fn prune(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let body: PruneRequest = input::body(call.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        if body.keep == 0 || i64::try_from(body.keep).is_err() {
            let message = "between one and all of the versions keep their contents";
            let item = ProblemItem::at("/keep", "out-of-bounds", message);
            return Err(invalid(vec![item]));
        }
        let prune = PruneOptions {
            keep: body.keep,
            dry_run: body.dry_run,
            reason: body.reason,
        };
        let done_so = self.store().prune(&self.change(call)?, key, &prune);
        let pruned = self.explained(done_so)?;
        let counts = pruned
            .versions
            .iter()
            .map(|range| range.to - range.from + 1);
        let answer = PruneResponse {
            gateway: pruned.gateway,
            count: counts.sum(),
            versions: pruned.versions,
            bytes: pruned.bytes,
        };
        let mut response = json_of(200, &answer);
        mark(&mut response, pruned.replayed);
        Ok(done(response, Touched::Nobody))
    }
}
