//! `kt auth token`: the only command that prints a stored token.

use kt_control_api::Token;
use kt_plugin_api::{Class, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    let Some(token) = invocation.setting("api.token") else {
        return Err(Error::new(
            Class::Unauthorized,
            "not-logged-in",
            "there is no token: you are not logged in",
        )
        .hint("log in with `kt auth login --api-url URL`, or set `KEEPTRUSTS_API_TOKEN`"));
    };
    let hint = token.parse::<Token>().ok().map(|t| t.hint().to_owned());
    let value = json!({
        "token": token,
        "hint": hint,
        "origin": invocation.origin("api.token"),
    });
    let view = View::Text(format!("{token}\n"));
    Ok(Output::new("kt.auth.token/1", value, view).name_path("/token"))
}
