//! The desired state for running gateways, and their status reports.

use kt_control_api::{DesiredQuery, ProblemItem, StatusReport, StatusResponse};

use super::error::{ApiError, validation_failed};
use super::input;
use super::limits::MAX_REPORT_TEXT_CHARS;
use super::reply::{HandlerResult, LongPollCondition, Reply, WakeTarget};
use super::response::json_response;
use super::service::{Api, RequestContext};
use crate::store::{GatewayRef, ReportReceipt};

/// Longest message of a rejection in bytes. A longer one is truncated.
const MAX_REJECTION_BYTES: usize = 2048;

impl Api {
    pub(super) fn desired(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        let request = context.request;
        let query = DesiredQuery {
            epoch: request.query.get("epoch").cloned(),
            index: input::query(request, "index")?.unwrap_or(0),
            wait: 0,
            instance: input::query(request, "instance")?,
            halt_generation: input::query(request, "halt_generation")?,
        };
        self.wait(context, key, LongPollCondition::DesiredChanged(query))
    }

    pub(super) fn status(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        // The id alone decides whether the caller may report, and the report reads the gateway.
        let gateway = match key {
            GatewayRef::Id(id) => id.clone(),
            GatewayRef::Name(_) => self.desired_state(key)?.gateway.id,
        };
        context.caller.require_gateway_write(&gateway)?;
        let mut report: StatusReport = input::json_body(context.request)?;
        check(&mut report)?;
        if let Some(receipt) = self.renew_lease(&gateway, &report)? {
            return Ok(acknowledge(receipt, &report, None));
        }
        let receipt = self.store_result(self.store().report(
            self.now(),
            &GatewayRef::Id(gateway),
            &report,
        ))?;
        let repairs = receipt.repairs_drift && !receipt.ignored;
        let repaired = repairs
            .then(|| self.repair_drift(context, &receipt.gateway, &report))
            .flatten();
        let new_rejection = report.rejection.as_ref().filter(|_| receipt.rejected);
        if let Some((metrics, rejection)) = self.metrics().zip(new_rejection) {
            metrics.count_rejection(&rejection.code);
        }
        Ok(acknowledge(receipt, &report, repaired))
    }

    /// Acknowledges a report that only extends a lease; `None` when it must be stored at once or is
    /// invalid.
    pub(super) fn acknowledge_renewal(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> Option<Reply> {
        let GatewayRef::Id(gateway) = key else {
            return None;
        };
        context.caller.require_gateway_write(gateway).ok()?;
        let mut report: StatusReport = input::json_body(context.request).ok()?;
        check(&mut report).ok()?;
        let receipt = self.renew_lease(gateway, &report).ok()??;
        Some(acknowledge(receipt, &report, None))
    }
}

/// Returns the response to a report; `repaired` is the generation of a reconcile that it has caused.
fn acknowledge(receipt: ReportReceipt, report: &StatusReport, repaired: Option<u64>) -> Reply {
    let body = StatusResponse {
        epoch: receipt.epoch,
        index: repaired.unwrap_or(receipt.generation),
        lease_until: receipt.lease_until,
        // Two reports may be lost before the lease expires.
        next_status_seconds: (report.lease_seconds / 3).max(1),
        ignored: receipt.ignored,
    };
    // Most reports change nothing, and with a thousand instances there are hundreds a second.
    let wake = match (repaired, receipt.changed) {
        (Some(_), _) => WakeTarget::Gateway(receipt.gateway),
        (None, true) => WakeTarget::Answers(receipt.gateway),
        (None, false) => WakeTarget::None,
    };
    Reply::complete(json_response(200, &body), wake)
}

fn check(report: &mut StatusReport) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if !(1..=3600).contains(&report.lease_seconds) {
        let message = "`lease_seconds` must be between 1 and 3600";
        errors.push(ProblemItem::at("/lease_seconds", "out-of-bounds", message));
    }
    if !fits_store(report) {
        errors.push(ProblemItem::at(
            "",
            "out-of-bounds",
            "a number has more than 63 bits",
        ));
    }
    let texts = [
        &report.binary,
        &report.listen,
        &report.process.host,
        &report.process.boot_id,
        &report.process.pid_namespace,
    ];
    if texts
        .into_iter()
        .flatten()
        .any(|text| text.chars().count() > MAX_REPORT_TEXT_CHARS)
    {
        let message = format!("a text is longer than {MAX_REPORT_TEXT_CHARS} characters");
        errors.push(ProblemItem::at("", "out-of-bounds", message));
    }
    if let Some(rejection) = &mut report.rejection {
        truncate(&mut rejection.message, MAX_REJECTION_BYTES);
        truncate(&mut rejection.code, MAX_REPORT_TEXT_CHARS);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(validation_failed(errors))
    }
}

/// Returns whether the store, which counts in 63 bits, can hold every number of the report.
fn fits_store(report: &StatusReport) -> bool {
    let applied = report
        .applied
        .as_ref()
        .map(|a| [Some(a.generation), a.version]);
    let rejected = report
        .rejection
        .as_ref()
        .map(|r| [Some(r.generation), r.version]);
    let observed = report
        .observed
        .as_ref()
        .map(|o| [Some(o.generation), o.version]);
    let reported = applied.into_iter().chain(rejected).chain(observed);
    let numbers = reported.flatten().flatten();
    numbers
        .chain(report.process.start_ticks)
        .chain([report.seq])
        .chain(report.halt.map(|halt| halt.generation))
        .all(|number| i64::try_from(number).is_ok())
}

fn truncate(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}
