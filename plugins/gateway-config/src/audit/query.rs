//! The filters of the audit log.

use kt_control_api::{
    AuditQuery, Client, GatewayId, Timestamp, TokenId, Transport, parse_time, resolve_gateway,
};
use kt_plugin_api::Error;

/// The options that select entries.
pub(super) struct Filter {
    pub(super) target: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) action: Option<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
}

/// Builds the query from the options.
pub(super) fn query<T: Transport>(
    filter: &Filter,
    client: &Client<T>,
) -> Result<AuditQuery, Error> {
    let now = Timestamp::now();
    let time = |text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| parse_time(text, now)).transpose()
    };
    let (since, until) = (time(&filter.since)?, time(&filter.until)?);
    Ok(AuditQuery {
        target: target(client, filter.target.as_deref())?,
        actor: filter.actor.clone(),
        action: filter.action.clone(),
        since,
        until,
        ..AuditQuery::default()
    })
}

/// Resolves `--target`, which is an id or the name of a gateway, to an id.
fn target<T: Transport>(
    client: &Client<T>,
    name_or_id: Option<&str>,
) -> Result<Option<String>, Error> {
    let Some(text) = name_or_id else {
        return Ok(None);
    };
    // An id may be that of a deleted gateway: its audit log is kept.
    if text.parse::<GatewayId>().is_ok() || text.parse::<TokenId>().is_ok() {
        return Ok(Some(text.to_owned()));
    }
    resolve_gateway(client, Some(text)).map(|gateway| Some(gateway.id.to_string()))
}
