//! Halting gateways.

use jiff::SignedDuration;
use kt_control_api::{HaltRequest, MAX_HALT_SECONDS, ProblemItem, UnhaltRequest};

use super::checks::check_reason;
use super::error::{ApiError, validation_failed};
use super::input;
use super::reply::HandlerResult;
use super::response::gateway_changed;
use super::service::{Api, RequestContext};
use crate::store::{GatewayAction, GatewayRef, HaltChange};

impl Api {
    pub(super) fn halt(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: HaltRequest = input::json_body(context.request)?;
        check(&body)?;
        let until = body.for_seconds.and_then(|seconds| {
            let seconds = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
            self.now().checked_add(seconds).ok()
        });
        let change = HaltChange::Halt {
            reason: body.reason,
            until,
        };
        self.change_halt(context, key, change)
    }

    pub(super) fn unhalt(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let body: UnhaltRequest = input::json_body(context.request)?;
        check_reason("/reason", body.reason.as_deref())?;
        let change = HaltChange::Unhalt {
            reason: body.reason,
        };
        self.change_halt(context, key, change)
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
