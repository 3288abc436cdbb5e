//! `kt token rotate`.

use super::issued::{parse_seconds, parse_token_id, result};
use super::output_file::OutputFile;
use kt_control_api::{RotateTokenRequest, connect};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let old = parse_token_id(invocation)?;
    let request = RotateTokenRequest {
        grace_seconds: invocation.args.duration("grace").map_or(0, |d| d.as_secs()),
        expires_in_seconds: parse_seconds(invocation, "expires")?,
    };
    let client = connect(invocation, context)?;
    let output_file = OutputFile::create(invocation, true)?;
    let issued = client.rotate_token(&old, &request)?;
    result("kt.token.rotate/1", &issued, Some(&old), output_file)
}
