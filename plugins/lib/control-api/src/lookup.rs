//! Resolves the gateway that a command names, and the revision it must have.

use kt_plugin_api::{Class, Error};

use crate::{Client, Etag, Gateway, ListQuery, Transport};

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
            crate::ErrorClass::NotFound => Error::new(
                Class::NotFound,
                "gateway-not-found",
                format!("there is no gateway `{gateway}`"),
            )
            .hint("`kt gateway list` shows every gateway"),
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
        .hint("`kt gateway create --name NAME --file policy-config.yaml` registers one")),
        _ => Err(Error::new(
            Class::Usage,
            "gateway-not-named",
            "there are several gateways, and `--id` is not set",
        )
        .hint("pass `--id` with an id or a name; `kt gateway list` shows them")),
    }
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
