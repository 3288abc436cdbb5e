//! Resolves the gateway that a command names, and the revision it must have.

use kt_plugin_api::{Class, Error};

use crate::suggestion::{gateway_names, with_suggestion};
use crate::{Client, Etag, Gateway, ListQuery, Transport};

/// The number of gateways that an error lists.
const MAX_LISTED: usize = 5;

/// Returns the gateway with the id or name `gateway`; without it, the only gateway.
///
/// # Errors
/// Class `not-found` when there is none, `usage` when there are several and `gateway` is `None`.
pub fn resolve_gateway<T: Transport>(
    client: &Client<T>,
    gateway: Option<&str>,
) -> Result<Gateway, Error> {
    if let Some(gateway) = gateway {
        return client.gateway(gateway).map_err(|error| match error.class {
            crate::ErrorClass::NotFound => gateway_not_found(client, gateway),
            _ => error.into(),
        });
    }
    let mut page = client.list_gateways(&ListQuery {
        limit: Some(2),
        ..ListQuery::default()
    })?;
    match (page.items.len(), page.items.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => Err(Error::new(
            Class::NotFound,
            "gateway-not-found",
            "there is no gateway yet",
        )
        .hint("`kt gateway create NAME --file policy-config.yaml` registers one")),
        _ => Err(gateway_not_named(client)),
    }
}

/// Returns the error for a gateway that does not exist, with the most similar name.
pub fn gateway_not_found<T: Transport>(client: &Client<T>, gateway: &str) -> Error {
    let message = format!("there is no gateway `{gateway}`");
    let error = Error::new(Class::NotFound, "gateway-not-found", message);
    let names = gateway_names(client);
    let error = with_suggestion(error, gateway, names.iter().map(String::as_str));
    let error = error.hint("`kt gateway list` shows every gateway");
    match gateway.parse::<u64>() {
        Ok(number) => error.hint(format!("a version is named with `--version {number}`")),
        Err(_) => error,
    }
}

/// Checks that a gateway has a version with this number.
///
/// # Errors
/// Class `not-found`, with the versions that it has.
pub fn check_version(gateway: &Gateway, version: u64) -> Result<(), Error> {
    let name = &gateway.name;
    let last = gateway.last_version;
    if version <= last {
        return Ok(());
    }
    let message = format!("gateway `{name}` has no version {version}");
    let error = Error::new(Class::NotFound, "version-not-found", message);
    Err(match last {
        0 => error.hint(format!(
            "it has no versions yet; `kt gateway reload {name} --file FILE` publishes one"
        )),
        1 => error.hint("it has only version 1"),
        _ => error.hint(format!("it has the versions 1 to {last}")),
    })
}

fn gateway_not_named<T: Transport>(client: &Client<T>) -> Error {
    let names = gateway_names(client);
    let first: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = match names.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let message = "there are several gateways, and none is named";
    Error::new(Class::Usage, "gateway-not-named", message)
        .cause(format!("they are {}{more}", first.join(", ")))
        .hint("pass the name or ID of one; `kt gateway list` shows them")
}

/// Parses `--if-match`, an entity tag as `inspect` and `diff` show it.
///
/// # Errors
/// Class `usage` when it is not an entity tag.
pub fn parse_if_match(text: Option<&str>) -> Result<Option<Etag>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    text.parse::<Etag>().map(Some).map_err(|_| {
        Error::new(
            Class::Usage,
            "invalid-etag",
            format!("`{text}` is not an entity tag"),
        )
        .hint("`kt gateway inspect` shows the entity tag")
    })
}
