//! Completions of arguments.

use crate::{auth, secret};
use kt_control_api::CompletedObject;
use kt_plugin_api::{CompletionRequest, Context, Error};

/// The words beside the version numbers.
const NAMED_VERSIONS: [&str; 2] = ["desired", "applied"];

pub(crate) fn run(
    request: &CompletionRequest,
    context: &Context<'_>,
) -> Result<Vec<String>, Error> {
    let path: Vec<&str> = request.invocation.path.iter().map(String::as_str).collect();
    let mut lines = Vec::new();
    let object = match (path.as_slice(), request.arg.as_str()) {
        (["secret", _], "name") => return secret::names(&request.invocation),
        (["auth", "switch"], "name") => {
            let names = auth::profile_names(&request.invocation.dirs.config);
            return Ok(names.into_iter().collect());
        }
        (_, "id") | (["gateway", "list"], "gateway") => CompletedObject::Gateway,
        (["gateway", "config"], "version") => {
            lines.extend(NAMED_VERSIONS.map(str::to_owned));
            CompletedObject::Version
        }
        (_, "version") => CompletedObject::Version,
        (_, "label" | "selector") => CompletedObject::Label,
        (_, "remove-label") => CompletedObject::LabelKey,
        (_, "token-id") => CompletedObject::Token,
        _ => return Ok(lines),
    };
    lines.extend(kt_control_api::complete(object, request, context)?);
    Ok(lines)
}
