//! The checks of this plugin for `kt doctor`.

use kt_control_api::{ConnectOptions, ListQuery, connect};
use kt_plugin_api::doctor::DoctorCheck;
use kt_plugin_api::{Class, Context, Error, Invocation, Provider};
use serde_json::{Value, json};

/// The number of halted gateways that are named.
const LISTED: u32 = 5;

pub(crate) struct Doctor;

impl Provider for Doctor {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        if method != "check" {
            let message = format!("`kt.doctor/1` has no method `{method}`");
            return Err(Error::new(Class::Plugin, "unsupported-method", message));
        }
        let invocation: Invocation = serde_json::from_value(request).map_err(|e| {
            Error::new(
                Class::Plugin,
                "invalid-request",
                "the request cannot be read",
            )
            .cause(e)
        })?;
        let mut checks = vec![control_plane(&invocation, context), secrets(&invocation)];
        checks.extend(halted_gateways(&invocation, context));
        Ok(json!(checks))
    }
}

fn control_plane(invocation: &Invocation, context: &Context<'_>) -> DoctorCheck {
    let connection = ConnectOptions::from_invocation(invocation);
    let address = match connection.url {
        Some(_) => connection.display_address(),
        None => "the embedded store".to_owned(),
    };
    let version = connect(invocation, context).and_then(|client| {
        let version = client.service_version()?;
        client.who_am_i()?;
        Ok(version)
    });
    match version {
        Ok(version) => DoctorCheck::passed(
            "control plane",
            format!(
                "{address} is reachable: {} {}",
                version.product, version.version
            ),
        ),
        Err(error) => failed("control plane", &address, &error),
    }
}

/// Warns of halted gateways: they refuse every request, which may have been forgotten.
fn halted_gateways(invocation: &Invocation, context: &Context<'_>) -> Option<DoctorCheck> {
    let client = connect(invocation, context).ok()?;
    let query = ListQuery {
        halted: true,
        limit: Some(LISTED),
        ..ListQuery::default()
    };
    // A control plane that cannot be read is found by the check of it.
    let page = client.list_gateways(&query).ok()?;
    let halted = page.items.iter().filter_map(|gateway| {
        let halt = gateway.halt.as_ref()?;
        Some(format!("`{}` ({})", gateway.name, halt.reason))
    });
    let halted: Vec<String> = halted.collect();
    if halted.is_empty() {
        return None;
    }
    let more = page.next_cursor.map_or("", |_| " and others");
    Some(DoctorCheck::warning(
        "halted gateways",
        format!("{}{more} refuse every request", halted.join(", ")),
        "`kt gateway list --state halted` shows all; `kt gateway unhalt GATEWAY` ends a halt",
    ))
}

fn secrets(invocation: &Invocation) -> DoctorCheck {
    match crate::secret::count(invocation) {
        Ok(count) => DoctorCheck::passed("secrets", format!("{count} stored")),
        Err(error) => failed("secrets", "the secret store", &error),
    }
}

fn failed(name: &str, subject: &str, error: &Error) -> DoctorCheck {
    let remedy = error
        .hints
        .first()
        .cloned()
        .unwrap_or_else(|| "check `api.url` and `api.token` with `kt config show`".to_owned());
    DoctorCheck::failed(name, format!("{subject}: {error}"), remedy)
}
