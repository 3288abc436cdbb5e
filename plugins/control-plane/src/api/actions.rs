//! ReloadRequest, revert, reconcile, and the wait for their effect.

use std::time::Duration;

use kt_control_api::{
    ActionResponse, ConfigVersion, Gateway, ProblemCode, ReconcileMode, ReconcileRequest,
    ReloadRequest, RevertRequest, VersionOrigin,
};

use super::config::{check_reason, check_told};
use super::gateways::view;
use super::park::{Parked, Question};
use super::refusal::{Refusal, invalid, refuse};
use super::respond::{Handled, Outcome, Touched, changed, done};
use super::service::Call;
use super::{Api, input};
use crate::store::{ChangeReceipt, GatewayAction, GatewayRef, StoreError};

/// Longest wait in seconds.
pub(super) const MAX_WAIT: u64 = 300;

impl Api {
    pub(super) fn reload(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let body: ReloadRequest = input::body(call.request)?;
        let Some(content) = body.content else {
            check_told(body.source.as_deref(), body.message.as_deref())?;
            let ask = GatewayAction::Reload {
                message: body.message,
            };
            return self.acted(self.store().act(&self.change(call)?, key, &ask), 200);
        };
        let new = self.checked(
            call,
            content,
            body.source,
            body.message,
            VersionOrigin::Reload,
        )?;
        self.acted(self.store().publish(&self.change(call)?, key, &new), 201)
    }

    pub(super) fn revert(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let body: RevertRequest = input::body(call.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        let gateway = self.visible(call, key)?;
        // What was valid once may not be to this version of kt.
        let content = self.explained(self.store().content(&gateway, stored(body.version)?))?;
        let name = format!("version {}", body.version);
        self.validator().check(&name, &content).map_err(invalid)?;
        let change = self.change(call)?;
        self.acted(
            self.store()
                .revert(&change, &GatewayRef::Id(gateway), &body),
            201,
        )
    }

    pub(super) fn reconcile(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let body: ReconcileRequest = input::body(call.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        if body.mode == ReconcileMode::AcceptApplied {
            return self.accept_applied(call, key, body);
        }
        let ask = GatewayAction::Reconcile {
            dry_run: body.dry_run,
            reason: body.reason,
        };
        self.acted(self.store().act(&self.change(call)?, key, &ask), 200)
    }

    pub(super) fn rollout(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let generation = input::query(call.request, "generation")?
            .ok_or_else(|| refuse(ProblemCode::MalformedRequest, "`generation` is missing"))?;
        let version = input::query(call.request, "version")?;
        self.wait(
            call,
            key,
            Question::Rollout {
                generation,
                version,
            },
        )
    }

    /// Answers a question now if it can be, and parks it otherwise.
    pub(super) fn wait(&self, call: &Call<'_>, key: &GatewayRef, question: Question) -> Outcome {
        let wait = input::bounded(call.request, "wait", 0, 0, MAX_WAIT)?;
        let parked = Parked {
            gateway: self.visible(call, key)?,
            wait: Duration::from_secs(wait),
            request_id: call.id.to_owned(),
            question,
        };
        if let Some(response) = self.look(&parked)? {
            return Ok(done(response, Touched::Nobody));
        }
        if wait == 0 {
            return Ok(done(self.run_out(&parked)?, Touched::Nobody));
        }
        Ok(Handled::Parked(parked))
    }

    /// Answers an action: `made` when it changed something, 200 otherwise.
    pub(super) fn acted(&self, result: Result<ChangeReceipt, StoreError>, made: u16) -> Outcome {
        let mut receipt = self.explained(result)?;
        let (gateway, version) = match receipt.published.take() {
            Some(made) => (made.0.view(self.now()), Some(made.1)),
            None => self.left_by(&receipt)?,
        };
        let answer = ActionResponse {
            gateway,
            unchanged: receipt.unchanged,
            version,
            generation: receipt.generation,
        };
        let status = if receipt.unchanged { 200 } else { made };
        changed(status, &answer, &answer.gateway, receipt.replayed)
    }

    /// Looks up what a change that made no version has left.
    fn left_by(
        &self,
        receipt: &ChangeReceipt,
    ) -> Result<(Gateway, Option<ConfigVersion>), Refusal> {
        let gateway = view(self, &receipt.gateway)?;
        let version = receipt
            .version
            .map(|n| self.store().version(&gateway.id, n))
            .transpose();
        Ok((gateway, self.explained(version)?))
    }
}

/// Passes a number that the store can count to.
fn stored(version: u64) -> Result<u64, Refusal> {
    i64::try_from(version)
        .map(|_| version)
        .map_err(|_| refuse(ProblemCode::NotFound, "there is no such version"))
}
