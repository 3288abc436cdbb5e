//! Halting through the administration socket, without a control plane.

use crate::audit::AuditEntry;
use crate::response::{ResponseBody, json_response};
use crate::state::GatewayState;
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kt_control_api::{Halt, MAX_HALT_SECONDS, validate_message};
use serde::Deserialize;
use serde_json::json;

/// The body of `POST /keeptrusts/halt`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LocalHaltRequest {
    /// The reason, which callers receive.
    reason: String,
    /// After how many seconds the halt ends by itself.
    #[serde(default)]
    for_seconds: Option<u64>,
    /// Who halts the gateway.
    #[serde(default)]
    by: Option<String>,
}

/// Halts the gateway, or replaces reason and end of its local halt.
pub(super) fn halt(body: &str, gateway: &GatewayState) -> Response<ResponseBody> {
    let halts = &gateway.halts;
    let request = match serde_json::from_str::<LocalHaltRequest>(body) {
        Ok(request) => request,
        Err(error) => return invalid(&error.to_string()),
    };
    if let Err(problem) = check(&request) {
        return invalid(&problem);
    }
    let now = Timestamp::now();
    let until = request.for_seconds.and_then(|seconds| {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
        now.checked_add(seconds).ok()
    });
    let halt = Halt {
        reason: request.reason,
        by: request.by.unwrap_or_else(|| "local".to_owned()),
        since: now,
        until,
    };
    gateway.audit.write(AuditEntry::halt(halt.clone(), false));
    let before = halts.set_local(Some(halt));
    let value = json!({ "halted": true, "halt": halts.current(), "replaced": before });
    json_response(StatusCode::OK, &value)
}

/// Ends the local halt. That of the control plane remains.
pub(super) fn unhalt(gateway: &GatewayState) -> Response<ResponseBody> {
    let halts = &gateway.halts;
    let ended = halts.set_local(None);
    if let Some(halt) = &ended {
        gateway.audit.write(AuditEntry::halt(halt.clone(), true));
    }
    let current = halts.current();
    let value = json!({ "halted": current.is_some(), "halt": current, "ended": ended });
    json_response(StatusCode::OK, &value)
}

fn check(request: &LocalHaltRequest) -> Result<(), String> {
    let texts = [Some(&request.reason), request.by.as_ref()];
    for text in texts.into_iter().flatten() {
        validate_message(text).map_err(|error| error.to_string())?;
    }
    if request.reason.trim().is_empty() {
        return Err("a halt has a reason, which callers receive".to_owned());
    }
    let bounds = 1..=MAX_HALT_SECONDS;
    if request
        .for_seconds
        .is_some_and(|seconds| !bounds.contains(&seconds))
    {
        return Err(format!(
            "`for_seconds` must be between 1 and {MAX_HALT_SECONDS}"
        ));
    }
    Ok(())
}

fn invalid(problem: &str) -> Response<ResponseBody> {
    json_response(
        StatusCode::UNPROCESSABLE_ENTITY,
        &json!({ "error": problem }),
    )
}
