//! `kt token rotate`.

use super::file::Draft;
use super::issued::{result, seconds, token_id};
use kt_control_api::{RotateTokenRequest, connect};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let old = token_id(invocation)?;
    let rotate = RotateTokenRequest {
        grace_seconds: invocation.args.duration("grace").map_or(0, |d| d.as_secs()),
        expires_in_seconds: seconds(invocation, "expires")?,
    };
    let client = connect(invocation, context)?;
    let draft = Draft::beside(invocation, true)?;
    let issued = client.rotate_token(&old, &rotate)?;
    result("kt.token.rotate/1", &issued, Some(&old), draft)
}
