//! Halting gateways.

use jiff::SignedDuration;
use kt_control_api::{
    GatewayId, HaltGatewaysRequest, HaltGatewaysResponse, HaltRequest, MAX_HALT_SECONDS,
    MAX_HALTED_GATEWAYS, ProblemItem, UnhaltGatewaysRequest, UnhaltRequest,
};

use super::checks::check_reason;
use super::error::{ApiError, validation_failed};
use super::input;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::{gateway_changed, json_response};
use super::service::{Api, RequestContext};
use crate::store::{ChangeContext, GatewayAction, GatewayRef, HaltChange};

impl Api {
    pub(super) fn halt(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: HaltRequest = input::json_body(context.request)?;
        check(&body)?;
        self.change_halt(context, key, self.halt_of(body))
    }

    /// Returns the change of a validated request.
    fn halt_of(&self, request: HaltRequest) -> HaltChange {
        let until = request.for_seconds.and_then(|seconds| {
            let seconds = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
            self.now().checked_add(seconds).ok()
        });
        HaltChange::Halt {
            reason: request.reason,
            until,
        }
    }

    pub(super) fn unhalt(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: UnhaltRequest = input::json_body(context.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        let change = HaltChange::Unhalt {
            reason: body.reason,
        };
        self.change_halt(context, key, change)
    }

    pub(super) fn halt_gateways(&self, context: &RequestContext<'_>) -> HandlerResult {
        let body: HaltGatewaysRequest = input::json_body(context.request)?;
        let request = HaltRequest {
            reason: body.reason,
            for_seconds: body.for_seconds,
        };
        check(&request)?;
        self.change_halts(context, &body.gateways, &self.halt_of(request))
    }

    pub(super) fn unhalt_gateways(&self, context: &RequestContext<'_>) -> HandlerResult {
        let body: UnhaltGatewaysRequest = input::json_body(context.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        let change = HaltChange::Unhalt {
            reason: body.reason,
        };
        self.change_halts(context, &body.gateways, &change)
    }

    fn change_halts(
        &self,
        context: &RequestContext<'_>,
        gateways: &[GatewayId],
        change: &HaltChange,
    ) -> HandlerResult {
        if !(1..=MAX_HALTED_GATEWAYS).contains(&gateways.len()) {
            let message = format!("there must be 1 to {MAX_HALTED_GATEWAYS} gateways");
            let item = ProblemItem::at("/gateways", "out-of-bounds", message);
            return Err(validation_failed(vec![item]));
        }
        // Repeating the request does no harm, and gateways have revisions of their own.
        let change_context = ChangeContext {
            if_match: None,
            idempotency_key: None,
            ..self.change(context)?
        };
        let halts = self.store().change_halts(&change_context, gateways, change);
        let halts = self.store_result(halts)?;
        let ids = halts.iter().map(|halt| halt.id.clone()).collect();
        let response = json_response(200, &HaltGatewaysResponse { gateways: halts });
        Ok(Reply::complete(response, WakeTarget::Gateways(ids)))
    }

    fn change_halt(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        change: HaltChange,
    ) -> HandlerResult {
        let action = GatewayAction::Halt(change);
        let receipt = self.store().act(&self.change(context)?, key, &action);
        let receipt = self.store_result(receipt)?;
        let gateway = self.gateway(&receipt.gateway)?;
        gateway_changed(200, &gateway, &gateway, receipt.replayed)
    }
}

fn check(request: &HaltRequest) -> Result<(), ApiError> {
    check_reason("/reason", Some(&request.reason))?;
    let mut errors = Vec::new();
    if request.reason.is_empty() {
        let message = "a halt has a reason, which callers receive";
        errors.push(ProblemItem::at("/reason", "out-of-bounds", message));
    }
    let seconds = request.for_seconds;
    if seconds.is_some_and(|seconds| !(1..=MAX_HALT_SECONDS).contains(&seconds)) {
        let message = format!("`for_seconds` must be between 1 and {MAX_HALT_SECONDS}");
        errors.push(ProblemItem::at("/for_seconds", "out-of-bounds", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(validation_failed(errors))
    }
}
