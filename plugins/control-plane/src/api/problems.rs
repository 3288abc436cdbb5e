//! What the `type` of a problem document leads to: the cause in words, and what to do about it.

use std::collections::BTreeMap;

use kt_control_api::{ProblemCode, Response};

use super::refusal::refuse;
use super::respond::{Outcome, Touched, done};

/// Explains the cause with this name.
pub(super) fn explain(name: &str) -> Outcome {
    let slug = ProblemCode::ALL
        .iter()
        .find(|slug| slug.as_str() == name)
        .ok_or_else(|| {
            refuse(
                ProblemCode::NotFound,
                format!("there is no problem `{name}`"),
            )
        })?;
    let (title, status, advice) = (slug.title(), slug.status(), advice(*slug));
    let text = format!("{title}\n\n{advice}\n\nCode {slug}, HTTP status {status}.\n");
    let kind = "text/plain; charset=utf-8".to_owned();
    let response = Response {
        status: 200,
        headers: BTreeMap::from([("content-type".to_owned(), kind)]),
        body: Some(text),
    };
    Ok(done(response, Touched::Nobody))
}

fn advice(slug: ProblemCode) -> &'static str {
    match slug {
        ProblemCode::MalformedRequest => {
            "A header, a query parameter or the JSON of the body cannot be read; `detail` says \
             which. Correct it: the same request fails again. /openapi.json describes every one."
        }
        ProblemCode::TlsRequired => {
            "Begin the address with https://. Nothing was read of the request."
        }
        ProblemCode::Unauthenticated => {
            "Send `Authorization: Bearer` with a token that is neither revoked nor expired. An \
             administrator makes tokens with `kt token create` and lists them with `kt token list`."
        }
        ProblemCode::InsufficientScope => {
            "The token is valid and does not allow this. Changes need scope `admin`; `read` looks \
             at everything; the token of a gateway serves that gateway alone."
        }
        ProblemCode::NotFound => {
            "No gateway, version, token or path has this name. A gateway that the token may not \
             see is answered the same."
        }
        ProblemCode::MethodNotAllowed => "The header `Allow` lists the methods that the path has.",
        ProblemCode::Gone => {
            "The gateway was deleted. Its history stays in the trail, and its name may be given \
             again; it gets another id."
        }
        ProblemCode::ContentPruned => {
            "Somebody gave the content up with `kt gateway prune`; the trail says who. A backup \
             made before has it. Pinned versions keep theirs."
        }
        ProblemCode::NameTaken => {
            "`existing_id` has the name. Use that gateway, or choose another name."
        }
        ProblemCode::NoConfiguration => {
            "Publish a version first, as with `kt gateway reload --file`."
        }
        ProblemCode::NothingApplied => "Start the gateway, and ask again once it serves.",
        ProblemCode::AppliedDiffers => {
            "`kt gateway inspect` shows what each instance serves. Revert to the version that is \
             meant; all of them then take it."
        }
        ProblemCode::ContentUnknown => {
            "Somebody gave the gateway a configuration by hand, and the control plane never had \
             it. Publish it, as with `kt gateway reload --file`, or reconcile to undo it."
        }
        ProblemCode::TokenInactive => "Make a new token instead of replacing one that is over.",
        ProblemCode::VersionConflict => {
            "Somebody changed the gateway since its revision was read; `current` is what it is \
             now. Look at that, and ask again with its ETag in If-Match. Nothing was changed."
        }
        ProblemCode::IdempotencyKeyReused => {
            "The key came with another request within the last 24 hours. Take a new key for each \
             request, and the same one only to repeat it."
        }
        ProblemCode::ValidationFailed => {
            "`errors` names every reason, with JSON pointer, line and column where there are \
             any. Nothing was stored. `kt policy lint` finds the same before sending."
        }
        ProblemCode::BodyTooLarge => {
            "A configuration has at most 1 MiB, a body 4 MiB. Nothing was stored."
        }
        ProblemCode::RequestTimeout => {
            "The body has to arrive within 10 seconds of its head. Ask again on a new connection."
        }
        ProblemCode::UnsupportedMediaType => {
            "Send `application/json`, or `application/yaml` where a configuration is published."
        }
        ProblemCode::RangeNotSatisfiable => {
            "The header Content-Range of the answer says how many bytes there are; ask for a \
             Range that begins among them, or for the whole, without Range."
        }
        ProblemCode::RateLimited => {
            "Ask again after the seconds that the header Retry-After says. A token has a limit \
             for its requests, an address one for requests without a valid token."
        }
        ProblemCode::StorageBusy => {
            "Another program has held the store for 20 seconds, or too many changes wait. Ask \
             again after Retry-After; an Idempotency-Key makes that harmless."
        }
        ProblemCode::StorageFailed => {
            "The store cannot be read or written: its disk may be full, its database away. \
             `detail` and the server's log say more. Nothing that was acknowledged is lost."
        }
        ProblemCode::StorageTooNew => {
            "A newer kt has migrated the store and does not let this one use it. Update this one."
        }
        ProblemCode::Draining => {
            "The server is about to end. Ask again after Retry-After, or another."
        }
        ProblemCode::NeedsServer => {
            "Only a server answers this, over HTTP: ask at the address of `kt control-plane serve`."
        }
        ProblemCode::NeedsFile => {
            "The server keeps its store in a PostgreSQL database, which has tools of its own for \
             this: pg_dump and archived logs. `kt control-plane export` moves everything."
        }
        ProblemCode::Internal => {
            "A bug in kt. The server's log has more under the id of the request, `instance`; \
             please report both."
        }
        ProblemCode::Unknown => "A newer control plane knows more of this cause: ask it.",
    }
}
