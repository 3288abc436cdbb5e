//! Completions of arguments that name objects of the control plane.

use std::collections::BTreeSet;

use kt_plugin_api::{Args, CommandArgs, CompletionRequest, Context, Error};

use crate::{
    Client, Gateway, ListLimit, ListQuery, PagedList, TokenQuery, Transport, connect,
    resolve_gateway,
};

/// With more gateways, those that are not among the first are completed after their first letters.
const MAX_GATEWAYS: usize = 1000;
/// The number of versions and tokens, the newest first.
const MAX_NEWEST: u32 = 100;

/// What an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletedObject {
    /// A gateway, by its name.
    Gateway,
    /// A version of the gateway in the argument `id`, or of the only one.
    Version,
    /// A label of a gateway: `KEY=VALUE`.
    Label,
    /// The key of a label of the gateway in the argument `id`, or of the only one.
    LabelKey,
    /// A token that is accepted, by its id.
    Token,
}

/// The argument of every command that names a gateway. Others may be missing: the user still types.
struct GatewayArgument {
    id: Option<String>,
}

impl CommandArgs for GatewayArgument {
    // That of no single command.
    const PATH: &'static [&'static str] = &[];

    fn read(args: &Args) -> Result<Self, Error> {
        let id = args.text("id").map(str::to_owned);
        Ok(Self { id })
    }
}

/// Returns the completions of an argument that names an object.
///
/// # Errors
/// When the control plane cannot be reached, or not in time.
pub fn complete(
    object: CompletedObject,
    request: &CompletionRequest,
    context: &Context<'_>,
) -> Result<Vec<String>, Error> {
    let client = connect(&request.invocation, context)?;
    let gateway = || {
        let argument: GatewayArgument = request.invocation.arguments()?;
        resolve_gateway(&client, argument.id.as_deref())
    };
    match object {
        CompletedObject::Gateway => {
            let gateways = gateways(&client, context, Some(&request.prefix))?;
            Ok(gateways.iter().map(described).collect())
        }
        CompletedObject::Version => versions(&client, &gateway()?),
        CompletedObject::Label => {
            let gateways = gateways(&client, context, None)?;
            let labels = gateways.iter().flat_map(|gateway| &gateway.labels);
            let labels = labels.map(|(key, value)| format!("{key}={value}"));
            Ok(labels.collect::<BTreeSet<_>>().into_iter().collect())
        }
        CompletedObject::LabelKey => {
            let labels = gateway()?.labels.into_iter();
            Ok(labels
                .map(|(key, value)| format!("{key}\t{value}"))
                .collect())
        }
        CompletedObject::Token => tokens(&client),
    }
}

fn gateways<T: Transport>(
    client: &Client<T>,
    context: &Context<'_>,
    prefix: Option<&str>,
) -> Result<Vec<Gateway>, Error> {
    let mut query = ListQuery {
        name_prefix: prefix.filter(|p| !p.is_empty()).map(str::to_owned),
        ..ListQuery::default()
    };
    let gateways = PagedList::read(
        context,
        ListLimit::first(MAX_GATEWAYS),
        None,
        |size, cursor| {
            query.limit = Some(size);
            query.cursor = cursor.map(str::to_owned);
            client.list_gateways(&query)
        },
    )?;
    Ok(gateways.items)
}

fn described(gateway: &Gateway) -> String {
    let description = gateway.description.as_str();
    let separator = if description.is_empty() { "" } else { ": " };
    format!(
        "{}\t{}{separator}{description}",
        gateway.name, gateway.state
    )
}

fn versions<T: Transport>(client: &Client<T>, gateway: &Gateway) -> Result<Vec<String>, Error> {
    let page = client.config_versions(gateway.id.as_str(), Some(MAX_NEWEST), None)?;
    let line = |version: crate::ConfigVersion| {
        let message = version.message.unwrap_or_default();
        let created = version.created_at.strftime("%Y-%m-%d %H:%M UTC");
        format!("{}\t{created} {message}", version.version)
    };
    Ok(page.items.into_iter().map(line).collect())
}

fn tokens<T: Transport>(client: &Client<T>) -> Result<Vec<String>, Error> {
    let page = client.tokens(&TokenQuery {
        limit: Some(MAX_NEWEST),
        active: Some(true),
        ..TokenQuery::default()
    })?;
    let line = |token: crate::TokenInfo| format!("{}\t{}", token.id, token.name);
    Ok(page.items.into_iter().map(line).collect())
}
