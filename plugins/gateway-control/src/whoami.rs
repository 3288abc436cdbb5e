//! `kt whoami` and `kt auth whoami`.

use kt_control_api::{ConnectOptions, WhoAmI, connect};
use kt_plugin_api::{Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let identity = connect(invocation, context)?.who_am_i()?;
    let value = value(
        &identity,
        &ConnectOptions::from_invocation(invocation).display_address(),
    );
    Ok(Output::new("kt.whoami/1", value, View::Fields(fields())).name_path("/actor"))
}

/// Returns the identity of the caller at a control plane.
pub(crate) fn value(identity: &WhoAmI, address: &str) -> Value {
    json!({
        "actor": identity.actor,
        "scope": identity.scope,
        "gateway": identity.gateway,
        "token": identity.token,
        "expires_at": identity.expires_at,
        "control_plane": address,
    })
}

/// Returns the fields of the text output.
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
