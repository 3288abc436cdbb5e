//! Completions of arguments.

use kt_control_api::CompletedObject;
use kt_plugin_api::{CompletionRequest, Context, Error};

pub(crate) fn run(
    request: &CompletionRequest,
    context: &Context<'_>,
) -> Result<Vec<String>, Error> {
    let complete = |object| kt_control_api::complete(object, request, context);
    match request.arg.as_str() {
        "id" | "target" => complete(CompletedObject::Gateway),
        "selector" => complete(CompletedObject::Label),
        "version" => complete(CompletedObject::Version),
        "against" | "from" | "to" => {
            let versions = complete(CompletedObject::Version)?;
            let named = ["applied", "desired"].map(str::to_owned);
            Ok(named.into_iter().chain(versions).collect())
        }
        _ => Ok(Vec::new()),
    }
}
