//! `kt auth login`.

use super::profile::{ProfileFile, override_warning};
use crate::args::AuthLoginArgs;
use crate::{private_file, whoami};
use kt_control_api::{ConnectOptions, Token, TokenKind};
use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: AuthLoginArgs = invocation.arguments()?;
    let mut connection = ConnectOptions::from_invocation(invocation);
    let Some(url) = connection.url.clone() else {
        return Err(no_server_error());
    };
    connection.check_url()?;
    // Read the file first: do not prompt for a token that cannot be stored.
    let file = ProfileFile::open(invocation)?;
    let token = read_token(
        invocation,
        context,
        args.token_file.as_deref(),
        &connection.display_address(),
    )?;
    connection.token = Some(token.expose().to_owned());
    let address = connection.display_address();
    let ca_file = connection.ca_file.clone();
    let identity = connection.client(context)?.who_am_i().map_err(|error| {
        Error::from(error).hint(format!("profile `{}` is unchanged", file.name))
    })?;
    let (profile, path) = (file.name.clone(), file.path.display().to_string());
    // Read the file again: it may have changed during the prompt.
    ProfileFile::open(invocation)?.log_in(&url, token.expose(), ca_file.as_deref())?;
    if let Some(warning) = override_warning(invocation) {
        context.warn(&warning);
    }
    let mut value = whoami::value(&identity, &address);
    if let Some(members) = value.as_object_mut() {
        members.insert("profile".to_owned(), json!(profile));
        members.insert("file".to_owned(), json!(path));
    }
    let mut fields = whoami::fields();
    fields.push(Field::new("Profile", "/profile"));
    fields.push(Field::new("File", "/file"));
    Ok(Output::new("kt.auth.login/1", value, View::Fields(fields)).name_path("/profile"))
}

/// Reads a well-formed token from a file, from standard input, or from the terminal.
///
/// # Errors
/// Class `usage` if there is no token, or it is a bootstrap token; class `unauthorized` if it is not
/// a token of kt.
fn read_token(
    invocation: &Invocation,
    context: &Context<'_>,
    file: Option<&Path>,
    address: &str,
) -> Result<Token, Error> {
    let text = match file {
        Some(path) => private_file::read_input(&invocation.resolve_path(path), context)?,
        None => context.prompt_secret(&format!("token for {address} (hidden):"))?,
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::new(Class::Usage, "no-token", "no token was given")
            .hint("pass it on standard input or with `--token-file`, or enter it at the prompt"));
    }
    let token = text.parse::<Token>().map_err(|error| {
        Error::new(Class::Unauthorized, "invalid-token", error.to_string())
            .hint("nothing was sent; copy the whole token, which begins with `kt_`")
    })?;
    if token.kind() == TokenKind::Bootstrap {
        let message = "a bootstrap token is valid only for the registration of one gateway";
        return Err(Error::new(Class::Usage, "bootstrap-token", message)
            .hint("pass it to `kt gateway create` in KEEPTRUSTS_API_TOKEN"));
    }
    Ok(token)
}

fn no_server_error() -> Error {
    let message = "no server to log in to: the embedded store needs no token";
    Error::new(Class::Usage, "no-server", message).hint("pass its address with `--api-url`")
}
