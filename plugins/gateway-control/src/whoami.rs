//! `kt whoami`.

use kt_control_api::{Connection, connect};
use kt_plugin_api::{Context, Error, Field, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let me = connect(invocation, context)?.who_am_i()?;
    let connection = Connection::of(invocation);
    let value = json!({
        "actor": me.actor,
        "scope": me.scope,
        "gateway": me.gateway,
        "token": me.token,
        "expires_at": me.expires_at,
        "control_plane": connection.place(),
    });
    let view = View::Fields(vec![
        Field::new("Actor", "/actor"),
        Field::new("Scope", "/scope"),
        Field::new("Gateway", "/gateway"),
        Field::new("Token", "/token"),
        Field::new("Expires", "/expires_at"),
        Field::new("Control plane", "/control_plane"),
    ]);
    Ok(Output::new("kt.whoami/1", value, view).named("/actor"))
}
