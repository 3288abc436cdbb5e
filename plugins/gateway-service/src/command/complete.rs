//! Completions of arguments.

use crate::record::Records;
use kt_control_api::CompletedObject;
use kt_plugin_api::service::INTERFACE;
use kt_plugin_api::{CompletionRequest, Context, Error};

pub(crate) fn complete(
    request: &CompletionRequest,
    context: &Context<'_>,
) -> Result<Vec<String>, Error> {
    match request.arg.as_str() {
        "id" => kt_control_api::complete(CompletedObject::Gateway, request, context),
        "service-name" => Ok(Records::new(&request.invocation.dirs.state).names()),
        "backend" => {
            let providers = context.providers(INTERFACE)?.into_iter();
            let line =
                |p: kt_plugin_api::ProviderInfo| format!("{}\t{}", p.name, p.reasons.join(", "));
            Ok(providers.map(line).collect())
        }
        _ => Ok(Vec::new()),
    }
}
