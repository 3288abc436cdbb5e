//! Reconciles a gateway by making the applied version the desired one.

use std::collections::BTreeSet;

use kt_control_api::{
    ActionResponse, AppliedVersion, GatewayId, ProblemCode, ReconcileRequest, RevertRequest,
};

use super::error::{ApiError, api_error};
use super::reply::HandlerResult;
use super::response::gateway_changed;
use super::service::{Api, RequestContext};
use crate::store::{ChangeContext, GatewayRef, GatewaySnapshot};

/// Number of versions that a search reads at a time.
const BATCH: usize = 200;

impl Api {
    /// Publishes again what every live instance serves, unless that is already desired.
    pub(super) fn accept_applied(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        body: ReconcileRequest,
    ) -> HandlerResult {
        let snapshot = self.find(key)?;
        let before = &snapshot.gateway;
        let applied = self.applied_by_all(&snapshot)?;
        let desired = snapshot.desired.as_ref();
        if desired.is_some_and(|desired| desired.sha256 == applied.sha256) {
            let version = desired.map(|desired| desired.version);
            return self.without_change(&snapshot, version, true);
        }
        let version = self.newest_version_of(&before.id, &applied)?;
        if body.dry_run {
            return self.without_change(&snapshot, Some(version), false);
        }
        let change = self.change(context)?;
        let change = ChangeContext {
            // A version that was published meanwhile must not be reverted.
            if_match: change.if_match.or(Some(before.rev)),
            ..change
        };
        let revert = RevertRequest {
            version,
            reason: body.reason,
        };
        let key = GatewayRef::Id(before.id.clone());
        self.action_response(self.store().revert(&change, &key, &revert), 200)
    }

    fn without_change(
        &self,
        snapshot: &GatewaySnapshot,
        version: Option<u64>,
        unchanged: bool,
    ) -> HandlerResult {
        let gateway = snapshot.view(self.now());
        let version = version.map(|n| self.store().version(&gateway.id, n));
        let body = ActionResponse {
            generation: gateway.generation,
            version: self.store_result(version.transpose())?,
            gateway,
            unchanged,
        };
        gateway_changed(200, &body, &body.gateway, false)
    }

    /// Returns what the live instances serve, if all of them serve the same.
    fn applied_by_all(&self, snapshot: &GatewaySnapshot) -> Result<AppliedVersion, ApiError> {
        let applied: Vec<&AppliedVersion> = snapshot.applied(self.now()).collect();
        let name = &snapshot.gateway.name;
        let contents: BTreeSet<[u8; 32]> =
            applied.iter().map(|one| *one.sha256.as_bytes()).collect();
        match (applied.first(), contents.len()) {
            (Some(first), 1) => Ok((*first).clone()),
            (Some(_), several) => Err(api_error(
                ProblemCode::AppliedDiffers,
                format!("the instances of `{name}` serve {several} different configurations"),
            )),
            (None, _) => Err(api_error(
                ProblemCode::NothingApplied,
                format!("no live instance of `{name}` serves a configuration"),
            )),
        }
    }

    /// Returns the newest version with the hash of what is applied.
    fn newest_version_of(
        &self,
        gateway: &GatewayId,
        applied: &AppliedVersion,
    ) -> Result<u64, ApiError> {
        let mut before = None;
        loop {
            let page = self.store().versions(gateway, before, BATCH);
            let page = self.store_result(page)?;
            if let Some(found) = page
                .iter()
                .find(|one| one.sha256 == applied.sha256 && one.pruned_at.is_none())
            {
                return Ok(found.version);
            }
            before = page.last().map(|last| last.version);
            if page.len() < BATCH {
                let detail = format!(
                    "the applied configuration, with the hash {}, is not a version of the gateway",
                    applied.sha256
                );
                return Err(api_error(ProblemCode::ContentUnknown, detail));
            }
        }
    }
}
