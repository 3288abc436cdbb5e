//! The pages behind the `type` of problem documents: the cause and its remedy.

use kt_control_api::ProblemCode;

use super::error::api_error;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::with_body;

/// Explains the problem with this code.
pub(super) fn explain(name: &str) -> HandlerResult {
    let code = ProblemCode::ALL
        .iter()
        .find(|code| code.as_str() == name)
        .ok_or_else(|| {
            api_error(
                ProblemCode::NotFound,
                format!("there is no problem `{name}`"),
            )
        })?;
    let (title, status, remedy) = (code.title(), code.status(), remedy(*code));
    let text = format!("{title}\n\n{remedy}\n\nCode {code}, HTTP status {status}.\n");
    let response = with_body(200, "text/plain; charset=utf-8", text);
    Ok(Reply::complete(response, WakeTarget::None))
}

fn remedy(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::MalformedRequest => {
            "A header, a query parameter or the JSON body cannot be parsed; `detail` names it. \
             Correct it before sending the request again. /openapi.json describes all of them."
        }
        ProblemCode::TlsRequired => {
            "Use an address that starts with https://. The request was not read."
        }
        ProblemCode::Unauthenticated => {
            "Send `Authorization: Bearer` with a token that is neither revoked nor expired. An \
             administrator creates tokens with `kt token create`, and lists them with \
             `kt token list`."
        }
        ProblemCode::InsufficientScope => {
            "The token is valid, but its scope does not allow this request. Changes require scope \
             `admin`; `read` allows to read everything; the token of a gateway is valid for that \
             gateway only."
        }
        ProblemCode::NotFound => {
            "There is no gateway, version, token or path with this name, or the token does not \
             allow to see the gateway."
        }
        ProblemCode::MethodNotAllowed => "The header `Allow` lists the methods of the path.",
        ProblemCode::Gone => {
            "The gateway was deleted. Its history stays in the audit log. Its name can be used \
             again, for a gateway with a new id."
        }
        ProblemCode::ContentPruned => {
            "The content was pruned with `kt gateway prune`; the audit log shows by whom. A \
             backup from before still contains it. Contents of pinned versions are not pruned."
        }
        ProblemCode::NameTaken => {
            "The gateway `existing_id` has this name. Use that gateway, or choose another name."
        }
        ProblemCode::NoConfiguration => {
            "Publish a version first, for example with `kt gateway reload --file`."
        }
        ProblemCode::NothingApplied => {
            "Start the gateway, and repeat the request when it serves a configuration."
        }
        ProblemCode::AppliedDiffers => {
            "`kt gateway inspect` shows what each instance serves. Revert to one version, which \
             all instances then apply."
        }
        ProblemCode::ContentUnknown => {
            "The gateway serves a configuration that was never published. Publish it, for \
             example with `kt gateway reload --file`, or reconcile to replace it."
        }
        ProblemCode::TooManyInstances => {
            "The report is from an instance that the gateway did not have before. Stop instances, \
             or wait until the leases of those that ended without saying so have expired. An \
             instance that is not stored still serves, but nobody knows what."
        }
        ProblemCode::TokenInactive => {
            "Create a new token: one that is revoked or expired cannot be rotated."
        }
        ProblemCode::VersionConflict => {
            "The gateway has changed since its revision was read; `current` is its present \
             state. Check it, and repeat the request with its ETag in If-Match. Nothing was \
             changed."
        }
        ProblemCode::IdempotencyKeyReused => {
            "The key was used for another request within the last 24 hours. Use a new key for \
             each request, and the same key only to repeat a request."
        }
        ProblemCode::ValidationFailed => {
            "`errors` lists every error, with JSON pointer, line and column where available. \
             Nothing was stored. `kt policy lint` reports the same errors for a file."
        }
        ProblemCode::BodyTooLarge => {
            "A configuration is limited to 1 MiB, a body to 4 MiB. Nothing was stored."
        }
        ProblemCode::RequestTimeout => {
            "The body must arrive within 10 seconds after the head. Repeat the request on a new \
             connection."
        }
        ProblemCode::UnsupportedMediaType => {
            "Send `application/json`, or `application/yaml` where a configuration is published."
        }
        ProblemCode::RateLimited => {
            "Repeat the request after the number of seconds in the header Retry-After. Requests \
             are limited per token, and requests without a valid token per address."
        }
        ProblemCode::StorageBusy => {
            "Another program has locked the store for 20 seconds, or too many changes are \
             queued. Repeat the request after Retry-After; an Idempotency-Key makes that safe."
        }
        ProblemCode::StorageFailed => {
            "The store cannot be read or written: the disk may be full, or the database not \
             reachable. See `detail` and the log of the server. No acknowledged change is lost."
        }
        ProblemCode::StorageTooNew => {
            "A newer kt has migrated the store to a schema that this kt cannot use. Upgrade kt."
        }
        ProblemCode::Draining => {
            "The server is shutting down. Repeat the request after Retry-After, or send it to \
             another server."
        }
        ProblemCode::NeedsServer => {
            "This is available over HTTP only: send the request to the address of \
             `kt control-plane serve`."
        }
        ProblemCode::NeedsFile => {
            "The store of the server is a PostgreSQL database. Back it up with the tools of \
             PostgreSQL, such as pg_dump, or use `kt control-plane export`."
        }
        ProblemCode::Internal => {
            "This is a bug in kt. The log of the server has details under the id of the request, \
             `instance`; please report both."
        }
        ProblemCode::Unknown => {
            "A newer control plane sent this code; its /problems/ page explains it."
        }
    }
}
