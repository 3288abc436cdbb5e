//! `kt auth logout`.

use super::profile::{ProfileFile, overridden};
use kt_control_api::{ConnectOptions, TokenId};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::json;

/// What came of a wish to revoke.
enum Revoked {
    /// Nobody wished it.
    No,
    /// The server ended it.
    Now(Option<TokenId>),
    /// The server did not accept it any more.
    Before,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let file = ProfileFile::of(invocation)?;
    let name = file.name.clone();
    if file.token().is_none() {
        return Ok(not_logged_in(invocation, &name));
    }
    let revoked = if invocation.args.flag("revoke") {
        revoke(invocation, context, &file)?
    } else {
        Revoked::No
    };
    let gone = file.log_out()?;
    if let Some(warning) = overridden(invocation) {
        context.warn(&warning);
    }
    let (id, how) = match revoked {
        Revoked::No => (None, ""),
        Revoked::Now(id) => (id, "; its token is revoked"),
        Revoked::Before => (None, "; its token was refused already"),
    };
    let rest = if gone {
        ""
    } else {
        "; its other settings stay"
    };
    let value = json!({
        "profile": name,
        "result": "logged-out",
        "revoked": id,
        "file_removed": gone,
    });
    let view = View::Message(format!("logged out of profile `{name}`{how}{rest}"));
    Ok(Output::new("kt.auth.logout/1", value, view).name_path("/profile"))
}

fn not_logged_in(invocation: &Invocation, name: &str) -> Output {
    let value = json!({
        "profile": name,
        "result": "not-logged-in",
        "revoked": null,
        "file_removed": false,
    });
    let view = View::Message(format!("not logged in: profile `{name}` keeps no token"));
    let output = Output::new("kt.auth.logout/1", value, view).name_path("/profile");
    match invocation.origin("api.token") {
        Some(origin) => output.note(format!("a token is in force all the same, from {origin}")),
        None => output,
    }
}

/// Revokes the token of a profile at the server that the profile names: no
/// other one is shown it.
///
/// # Errors
/// When the server cannot be reached or does not allow it; the token stays then.
fn revoke(
    invocation: &Invocation,
    context: &Context<'_>,
    file: &ProfileFile,
) -> Result<Revoked, Error> {
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
            "profile `{}` names no server to revoke the token at",
            file.name
        );
        return Err(kept(Error::new(Class::Usage, "no-server", message)));
    }
    let client = connection.client(context).map_err(kept)?;
    let me = match client.who_am_i().map_err(Error::from) {
        Ok(me) => me,
        Err(error) if error.class == Class::Unauthorized => return Ok(Revoked::Before),
        Err(error) => return Err(kept(error)),
    };
    if let Some(id) = &me.token {
        client.revoke_token(id).map_err(|error| {
            let error = kept(Error::from(error));
            if error.class == Class::Unauthorized {
                return error.hint(format!(
                    "an administrator can: kt token revoke --token-id {id}"
                ));
            }
            error
        })?;
    }
    Ok(Revoked::Now(me.token))
}

fn kept(error: Error) -> Error {
    error.hint("you are still logged in; try again, or log out without `--revoke`")
}
