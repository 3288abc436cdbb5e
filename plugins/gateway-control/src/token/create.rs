//! `kt token create`.

use super::file::Draft;
use super::issued::{result, seconds};
use kt_control_api::{CreateTokenRequest, TokenScope, connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let scope = invocation.required("scope")?;
    let scope = TokenScope::parse(scope).ok_or_else(|| {
        Error::new(
            Class::Usage,
            "bad-scope",
            format!("`{scope}` is no scope of a token"),
        )
    })?;
    let named = invocation.args.text("id");
    if named.is_some() && scope != TokenScope::Gateway {
        return Err(Error::new(
            Class::Usage,
            "bad-scope",
            "only a token of scope `gateway` is for one gateway",
        )
        .hint("leave out `--id`, or pass `--scope gateway`"));
    }
    let mut new = CreateTokenRequest {
        name: invocation.required("name")?.to_owned(),
        scope,
        gateway: None,
        expires_in_seconds: seconds(invocation, "expires")?,
    };
    let client = connect(invocation, context)?;
    if scope == TokenScope::Gateway {
        new.gateway = Some(resolve_gateway(&client, named)?.id.to_string());
    }
    // The file comes first: a token that cannot be kept must not be made.
    let draft = Draft::beside(invocation, false)?;
    let issued = client.create_token(&new)?;
    result("kt.token.create/1", &issued, None, draft)
}
