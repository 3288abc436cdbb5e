//! Making desired what is applied: the other way to end a difference.

use std::collections::BTreeSet;

use kt_control_api::{
    ActionResponse, AppliedVersion, GatewayId, ProblemCode, ReconcileRequest, RevertRequest,
};

use super::Api;
use super::refusal::{Refusal, refuse};
use super::respond::{Outcome, changed};
use super::service::Call;
use crate::store::{ChangeContext, GatewayRef, GatewaySnapshot};

/// Versions read at a time while one is looked for.
const BATCH: usize = 200;

impl Api {
    /// Publishes again what every live instance serves, unless that is desired already.
    pub(super) fn accept_applied(
        &self,
        call: &Call<'_>,
        key: &GatewayRef,
        body: ReconcileRequest,
    ) -> Outcome {
        let snapshot = self.find(key)?;
        let before = &snapshot.gateway;
        let applied = self.served_by_all(&snapshot)?;
        let desired = snapshot.desired.as_ref();
        if desired.is_some_and(|desired| desired.sha256 == applied.sha256) {
            let number = desired.map(|desired| desired.version);
            return self.left_alone(&snapshot, number, true);
        }
        let version = self.published_as(&before.id, &applied)?;
        if body.dry_run {
            return self.left_alone(&snapshot, Some(version), false);
        }
        let change = self.change(call)?;
        let change = ChangeContext {
            // What somebody has published meanwhile must not be undone.
            if_match: change.if_match.or(Some(before.rev)),
            ..change
        };
        let revert = RevertRequest {
            version,
            reason: body.reason,
        };
        let key = GatewayRef::Id(before.id.clone());
        self.acted(self.store().revert(&change, &key, &revert), 200)
    }

    fn left_alone(
        &self,
        found: &GatewaySnapshot,
        version: Option<u64>,
        unchanged: bool,
    ) -> Outcome {
        let gateway = found.view(self.now());
        let version = version.map(|n| self.store().version(&gateway.id, n));
        let answer = ActionResponse {
            generation: gateway.generation,
            version: self.explained(version.transpose())?,
            gateway,
            unchanged,
        };
        changed(200, &answer, &answer.gateway, false)
    }

    /// What the live instances serve, when that is one thing.
    fn served_by_all(&self, snapshot: &GatewaySnapshot) -> Result<AppliedVersion, Refusal> {
        let applied: Vec<&AppliedVersion> = snapshot.applied(self.now()).collect();
        let name = &snapshot.gateway.name;
        let contents: BTreeSet<[u8; 32]> =
            applied.iter().map(|one| *one.sha256.as_bytes()).collect();
        match (applied.first(), contents.len()) {
            (Some(first), 1) => Ok((*first).clone()),
            (Some(_), several) => Err(refuse(
                ProblemCode::AppliedDiffers,
                format!("the instances of `{name}` serve {several} different configurations"),
            )),
            (None, _) => Err(refuse(
                ProblemCode::NothingApplied,
                format!("no live instance of `{name}` serves anything"),
            )),
        }
    }

    /// The newest version that means what is applied.
    fn published_as(&self, gateway: &GatewayId, applied: &AppliedVersion) -> Result<u64, Refusal> {
        let mut before = None;
        loop {
            let page = self.store().versions(gateway, before, BATCH);
            let page = self.explained(page)?;
            if let Some(found) = page
                .iter()
                .find(|one| one.sha256 == applied.sha256 && one.pruned_at.is_none())
            {
                return Ok(found.version);
            }
            before = page.last().map(|last| last.version);
            if page.len() < BATCH {
                let detail = format!(
                    "what is served, with the hash {}, is no version of the gateway",
                    applied.sha256
                );
                return Err(refuse(ProblemCode::ContentUnknown, detail));
            }
        }
    }
}
