//! `kt auth logout`.

use super::profile::{ProfileFile, override_warning};
use crate::args::AuthLogoutArgs;
use kt_control_api::{ConnectOptions, TokenId};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::json;

/// The result of the revocation of the token.
enum Revocation {
    /// It was not requested.
    NotRequested,
    /// The server revoked the token.
    Revoked(Option<TokenId>),
    /// The token was already invalid.
    AlreadyInvalid,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let file = ProfileFile::open(invocation)?;
    let name = file.name.clone();
    if file.token().is_none() {
        return Ok(not_logged_in_output(invocation, &name));
    }
    let args: AuthLogoutArgs = invocation.arguments()?;
    let revocation = if args.revoke {
        revoke(invocation, context, &file)?
    } else {
        Revocation::NotRequested
    };
    let removed = file.log_out()?;
    if let Some(warning) = override_warning(invocation) {
        context.warn(&warning);
    }
    let (id, suffix) = match revocation {
        Revocation::NotRequested => (None, ""),
        Revocation::Revoked(id) => (id, "; the token is revoked"),
        Revocation::AlreadyInvalid => (None, "; the token was already invalid"),
    };
    let other_settings = if removed {
        ""
    } else {
        "; its other settings are kept"
    };
    let value = json!({
        "profile": name,
        "result": "logged-out",
        "revoked": id,
        "file_removed": removed,
    });
    let view = View::Message(format!(
        "logged out of profile `{name}`{suffix}{other_settings}"
    ));
    Ok(Output::new("kt.auth.logout/1", value, view).name_path("/profile"))
}

fn not_logged_in_output(invocation: &Invocation, name: &str) -> Output {
    let value = json!({
        "profile": name,
        "result": "not-logged-in",
        "revoked": null,
        "file_removed": false,
    });
    let view = View::Message(format!("not logged in: profile `{name}` has no token"));
    let output = Output::new("kt.auth.logout/1", value, view).name_path("/profile");
    match invocation.origin("api.token") {
        Some(origin) => output.note(format!("a token is still set, by {origin}")),
        None => output,
    }
}

/// Revokes the token of a profile at the server of the profile. It is sent to no other server.
///
/// # Errors
/// If the server cannot be reached or denies the request; the token then stays valid.
fn revoke(
    invocation: &Invocation,
    context: &Context<'_>,
    file: &ProfileFile,
) -> Result<Revocation, Error> {
    let mut connection = ConnectOptions::from_invocation(invocation);
    if let Some(url) = file.url() {
        connection.url = Some(url.trim_end_matches('/').to_owned());
    }
    if let Some(ca_file) = file.ca_file() {
        connection.ca_file = Some(ca_file.into());
    }
    connection.token = file.token().map(str::to_owned);
    if connection.url.is_none() {
        let message = format!(
            "profile `{}` has no server at which to revoke the token",
            file.name
        );
        return Err(still_logged_in(Error::new(
            Class::Usage,
            "no-server",
            message,
        )));
    }
    let client = connection.client(context).map_err(still_logged_in)?;
    let identity = match client.who_am_i().map_err(Error::from) {
        Ok(identity) => identity,
        Err(error) if error.class == Class::Unauthorized => return Ok(Revocation::AlreadyInvalid),
        Err(error) => return Err(still_logged_in(error)),
    };
    if let Some(id) = &identity.token {
        client.revoke_token(id).map_err(|error| {
            let error = still_logged_in(Error::from(error));
            if error.class == Class::Unauthorized {
                return error.hint(format!("an administrator can: kt token revoke {id}"));
            }
            error
        })?;
    }
    Ok(Revocation::Revoked(identity.token))
}

fn still_logged_in(error: Error) -> Error {
    error.hint("you are still logged in; try again, or log out without `--revoke`")
}
