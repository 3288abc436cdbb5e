//! `kt token create`.

use super::issued::{parse_seconds, result};
use super::output_file::OutputFile;
use crate::args::{TokenCreateArgs, TokenCreateScope};
use kt_control_api::{CreateTokenRequest, TokenScope, connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: TokenCreateArgs = invocation.arguments()?;
    let scope = match args.scope {
        TokenCreateScope::Admin => TokenScope::Admin,
        TokenCreateScope::Read => TokenScope::Read,
        TokenCreateScope::Gateway => TokenScope::Gateway,
        TokenCreateScope::Bootstrap => TokenScope::Bootstrap,
    };
    let gateway = args.id.as_deref();
    if gateway.is_some() && scope != TokenScope::Gateway {
        return Err(Error::new(
            Class::Usage,
            "invalid-scope",
            "only a token of scope `gateway` is bound to a gateway",
        )
        .hint("omit `--id`, or pass `--scope gateway`"));
    }
    let mut request = CreateTokenRequest {
        name: args.name.clone(),
        scope,
        gateway: None,
        expires_in_seconds: parse_seconds("expires", args.expires)?,
    };
    let client = connect(invocation, context)?;
    if scope == TokenScope::Gateway {
        request.gateway = Some(resolve_gateway(&client, gateway)?.id.to_string());
    }
    // Create the file first: do not issue a token that cannot be stored.
    let output_file = OutputFile::create(invocation, args.output_file.as_deref(), false)?;
    let issued = client.create_token(&request)?;
    result("kt.token.create/1", &issued, None, output_file)
}
