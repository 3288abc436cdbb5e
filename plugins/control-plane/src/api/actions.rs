//! Reload, revert, reconcile, and the wait for their rollout.

use kt_control_api::{
    GatewayId, ProblemCode, ReconcileMode, ReconcileRequest, ReloadRequest, RevertRequest,
    VersionOrigin,
};

use super::checks::{check_reason, check_source, version};
use super::error::{api_error, validation_failed};
use super::input;
use super::reply::{HandlerResult, LongPollCondition};
use super::service::{Api, RequestContext};
use crate::store::{ChangeContext, ChangeReceipt, GatewayAction, GatewayRef, StoreError};

impl Api {
    pub(super) fn reload(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: ReloadRequest = input::json_body(context.request)?;
        let Some(content) = body.content else {
            check_source(body.source.as_deref(), body.message.as_deref())?;
            let request = GatewayAction::Reload {
                message: body.message,
            };
            let receipt = self.store().act(&self.change(context)?, key, &request);
            return self.action_response(receipt, 200);
        };
        let message = body.message.clone();
        let new = self.valid_version(
            context,
            content,
            body.source,
            body.message,
            VersionOrigin::Reload,
        )?;
        let change = self.change(context)?;
        let receipt = match self.store().publish(&change, key, &new) {
            Ok(receipt) if receipt.unchanged => self.reapply(&change, &receipt.gateway, message),
            result => result,
        };
        self.action_response(receipt, 201)
    }

    /// Lets the instances apply the desired version again, since a secret that it refers to may
    /// have changed.
    fn reapply(
        &self,
        change: &ChangeContext,
        gateway: &GatewayId,
        message: Option<String>,
    ) -> Result<ChangeReceipt, StoreError> {
        let key = GatewayRef::Id(gateway.clone());
        let request = GatewayAction::Reapply { message };
        // The key belongs to the publication; repeating this action does no harm.
        let change = ChangeContext {
            idempotency_key: None,
            ..change.clone()
        };
        let receipt = self.store().act(&change, &key, &request)?;
        Ok(ChangeReceipt {
            unchanged: true,
            ..receipt
        })
    }

    pub(super) fn revert(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: RevertRequest = input::json_body(context.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        let gateway = self.readable_gateway(context, key)?;
        // A version that was valid when it was published may not be valid for this kt.
        let content = self.store().content(&gateway, version(body.version)?);
        let content = self.store_result(content)?;
        let name = format!("version {}", body.version);
        self.validator()
            .check(&name, &content)
            .map_err(validation_failed)?;
        let change = self.change(context)?;
        let receipt = self
            .store()
            .revert(&change, &GatewayRef::Id(gateway), &body);
        self.action_response(receipt, 201)
    }

    pub(super) fn reconcile(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> HandlerResult {
        let body: ReconcileRequest = input::json_body(context.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        if body.mode == ReconcileMode::AcceptApplied {
            return self.accept_applied(context, key, body);
        }
        let request = GatewayAction::Reconcile {
            dry_run: body.dry_run,
            reason: body.reason,
        };
        let receipt = self.store().act(&self.change(context)?, key, &request);
        self.action_response(receipt, 200)
    }

    pub(super) fn rollout(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let generation = input::query(context.request, "generation")?
            .ok_or_else(|| api_error(ProblemCode::MalformedRequest, "`generation` is missing"))?;
        let version = input::query(context.request, "version")?;
        let condition = LongPollCondition::RolloutFinished {
            generation,
            version,
        };
        self.wait(context, key, condition)
    }
}
