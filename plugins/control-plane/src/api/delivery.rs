//! What running gateways ask and report.

use kt_control_api::{DesiredQuery, ProblemItem, StatusReport, StatusResponse};

use super::park::Question;
use super::refusal::{Refusal, invalid};
use super::respond::{Outcome, Touched, done, json_of};
use super::service::Call;
use super::{Api, input};
use crate::store::GatewayRef;

/// Longest reason of a rejection in bytes; what is longer is cut.
const MAX_REASON_BYTES: usize = 2048;
/// Longest other text in a report in characters.
pub(super) const MAX_TEXT_CHARS: usize = 256;

impl Api {
    pub(super) fn desired(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let request = call.request;
        let query = DesiredQuery {
            epoch: request.query.get("epoch").cloned(),
            index: input::query(request, "index")?.unwrap_or(0),
            wait: 0,
            instance: input::query(request, "instance")?,
        };
        self.wait(call, key, Question::Desired(query))
    }

    pub(super) fn status(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let gateway = self.visible(call, key)?;
        call.caller.must_act_for(&gateway)?;
        let mut report: StatusReport = input::body(call.request)?;
        check(&mut report)?;
        let receipt = self.explained(self.store().report(
            self.now(),
            &GatewayRef::Id(gateway),
            &report,
        ))?;
        let repairs = receipt.repairs && !receipt.ignored;
        let repaired = repairs
            .then(|| self.repair_drift(call, &receipt.gateway, &report))
            .flatten();
        let newly_refused = report.rejection.filter(|_| receipt.refused);
        if let Some((metrics, refused)) = self.metrics().zip(newly_refused) {
            metrics.rejected(&refused.code);
        }
        let answer = StatusResponse {
            epoch: self.explained(self.store().epoch())?,
            index: repaired.unwrap_or(receipt.generation),
            lease_until: receipt.lease_until,
            // Two reports may be lost before the lease ends.
            next_status_seconds: (report.lease_seconds / 3).max(1),
            ignored: receipt.ignored,
        };
        let touched = if receipt.ignored {
            Touched::Nobody
        } else {
            Touched::Gateway(receipt.gateway)
        };
        Ok(done(json_of(200, &answer), touched))
    }
}

fn check(report: &mut StatusReport) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if !(1..=3600).contains(&report.lease_seconds) {
        let message = "a lease lasts between 1 and 3600 seconds";
        errors.push(ProblemItem::at("/lease_seconds", "out-of-bounds", message));
    }
    if !counts(report) {
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
        .any(|text| text.chars().count() > MAX_TEXT_CHARS)
    {
        let message = format!("a text is longer than {MAX_TEXT_CHARS} characters");
        errors.push(ProblemItem::at("", "out-of-bounds", message));
    }
    if let Some(refused) = &mut report.rejection {
        cut(&mut refused.message, MAX_REASON_BYTES);
        cut(&mut refused.code, MAX_TEXT_CHARS);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(invalid(errors))
    }
}

/// Whether the store, which counts in 63 bits, can hold every number of the report.
fn counts(report: &StatusReport) -> bool {
    let applied = report
        .applied
        .as_ref()
        .map(|a| [Some(a.generation), a.version]);
    let refused = report
        .rejection
        .as_ref()
        .map(|r| [Some(r.generation), r.version]);
    let seen = report
        .observed
        .as_ref()
        .map(|o| [Some(o.generation), o.version]);
    let reported = applied.into_iter().chain(refused).chain(seen);
    let numbers = reported.flatten().flatten();
    numbers
        .chain(report.process.start_ticks)
        .chain([report.seq])
        .all(|number| i64::try_from(number).is_ok())
}

fn cut(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}
