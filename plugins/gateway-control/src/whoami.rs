//! `kt whoami`, which is `kt auth whoami` too.

use kt_control_api::{ConnectOptions, WhoAmI, connect};
use kt_plugin_api::{Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let me = connect(invocation, context)?.who_am_i()?;
    let value = value(
        &me,
        &ConnectOptions::from_invocation(invocation).display_address(),
    );
    Ok(Output::new("kt.whoami/1", value, View::Fields(fields())).name_path("/actor"))
}

/// Who one is to the control plane at a place.
pub(crate) fn value(me: &WhoAmI, place: &str) -> Value {
    json!({
        "actor": me.actor,
        "scope": me.scope,
        "gateway": me.gateway,
        "token": me.token,
        "expires_at": me.expires_at,
        "control_plane": place,
    })
}

/// How people see it.
pub(crate) fn fields() -> Vec<Field> {
    vec![
        Field::new("Actor", "/actor"),
        Field::new("Scope", "/scope"),
        Field::new("Gateway", "/gateway"),
        Field::new("Token", "/token"),
        Field::new("Expires", "/expires_at"),
        Field::new("Control plane", "/control_plane"),
    ]
}
