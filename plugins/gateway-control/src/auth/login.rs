//! `kt auth login`.

use super::profile::{ProfileFile, overridden};
use crate::{private, whoami};
use kt_control_api::{ConnectOptions, Token, TokenKind};
use kt_plugin_api::{Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let mut connection = ConnectOptions::from_invocation(invocation);
    let Some(url) = connection.url.clone() else {
        return Err(no_server());
    };
    connection.check_url()?;
    // It comes first: a token that cannot be kept need not be asked for.
    let file = ProfileFile::of(invocation)?;
    let token = given(invocation, context, &connection.display_address())?;
    connection.token = Some(token.expose().to_owned());
    let place = connection.display_address();
    let ca_file = connection.ca_file.clone();
    let me = connection.client(context)?.who_am_i().map_err(|error| {
        Error::from(error).hint(format!("profile `{}` is as it was", file.name))
    })?;
    let (profile, path) = (file.name.clone(), file.path.display().to_string());
    // Read again: it may have changed while a person was asked.
    ProfileFile::of(invocation)?.log_in(&url, token.expose(), ca_file.as_deref())?;
    if let Some(warning) = overridden(invocation) {
        context.warn(&warning);
    }
    let mut value = whoami::value(&me, &place);
    if let Some(members) = value.as_object_mut() {
        members.insert("profile".to_owned(), json!(profile));
        members.insert("file".to_owned(), json!(path));
    }
    let mut fields = whoami::fields();
    fields.push(Field::new("Profile", "/profile"));
    fields.push(Field::new("File", "/file"));
    Ok(Output::new("kt.auth.login/1", value, View::Fields(fields)).name_path("/profile"))
}

/// The token, from a file, from standard input, or from a person; its form is
/// right.
///
/// # Errors
/// Class `usage` when there is none to be had, or it is one to be used once; class `unauthorized` when it is
/// none of kt's.
fn given(invocation: &Invocation, context: &Context<'_>, place: &str) -> Result<Token, Error> {
    let text = match invocation.args.path("token-file") {
        Some(path) => {
            let path = invocation.resolve_path(&path);
            private::read(&path, Class::Usage)?.ok_or_else(|| {
                let message = format!("there is no file `{}`", path.display());
                Error::new(Class::Usage, "unreadable-file", message)
            })?
        }
        None => context.prompt_secret(&format!("token for {place}, which is not shown:"))?,
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::new(Class::Usage, "no-token", "no token was given")
            .hint("give it on standard input, with `--token-file`, or type it when asked"));
    }
    let token = text.parse::<Token>().map_err(|error| {
        Error::new(Class::Unauthorized, "bad-token", error.to_string())
            .hint("nothing was sent; copy the whole token, from `kt_` to its end")
    })?;
    if token.kind() == TokenKind::Bootstrap {
        let message = "a bootstrap token registers one gateway, and is of no use afterwards";
        return Err(Error::new(Class::Usage, "bootstrap-token", message)
            .hint("pass it to `kt gateway create` in KEEPTRUSTS_API_TOKEN"));
    }
    Ok(token)
}

fn no_server() -> Error {
    let message = "there is no server to log in to: the embedded store needs no token";
    Error::new(Class::Usage, "no-server", message).hint("name it with `--api-url`")
}
