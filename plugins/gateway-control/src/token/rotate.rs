//! `kt token rotate`.

use super::issued::{parse_seconds, parse_token_id, result};
use super::output_file::OutputFile;
use crate::args::TokenRotateArgs;
use kt_control_api::{RotateTokenRequest, connect};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: TokenRotateArgs = invocation.arguments()?;
    let old = parse_token_id(&args.token_id)?;
    let request = RotateTokenRequest {
        grace_seconds: args.grace.as_secs(),
        expires_in_seconds: parse_seconds("expires", args.expires)?,
    };
    let client = connect(invocation, context)?;
    let output_file = OutputFile::create(invocation, args.output_file.as_deref(), true)?;
    let issued = client.rotate_token(&old, &request)?;
    result("kt.token.rotate/1", &issued, Some(&old), output_file)
}
