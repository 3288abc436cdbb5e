//! `kt token revoke`.

use super::issued::parse_token_id;
use crate::args::TokenRevokeArgs;
use kt_control_api::connect;
use kt_plugin_api::{Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: TokenRevokeArgs = invocation.arguments()?;
    let id = parse_token_id(&args.token_id)?;
    let token = connect(invocation, context)?.revoke_token(&id)?;
    let view = View::Message(format!("token `{}` ({}) is revoked", token.name, token.id));
    Ok(Output::new("kt.token.revoke/1", json!(token), view).name_path("/id"))
}
