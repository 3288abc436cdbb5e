//! The filters of the audit log.

use kt_control_api::{
    AuditQuery, Client, GatewayId, Timestamp, TokenId, Transport, resolve_gateway,
};
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// The options that select entries.
pub(super) struct Filter {
    pub(super) target: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) action: Option<String>,
    pub(super) since: Option<Duration>,
    pub(super) until: Option<Duration>,
}

/// Builds the query from the options.
pub(super) fn query<T: Transport>(
    filter: &Filter,
    client: &Client<T>,
) -> Result<AuditQuery, Error> {
    let time =
        |option: &str, age: Option<Duration>| age.map(|age| time_before(option, age)).transpose();
    Ok(AuditQuery {
        target: target(client, filter.target.as_deref())?,
        actor: filter.actor.clone(),
        action: filter.action.clone(),
        since: time("since", filter.since)?,
        until: time("until", filter.until)?,
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

fn time_before(option: &str, age: Duration) -> Result<Timestamp, Error> {
    let time = whole_seconds(age).and_then(|s| {
        let now = Timestamp::now().as_second();
        Timestamp::from_second(now.checked_sub(s)?).ok()
    });
    time.ok_or_else(|| {
        let message = format!("`--{option}` is out of range");
        Error::new(Class::Usage, "invalid-duration", message)
    })
}

fn whole_seconds(duration: Duration) -> Option<i64> {
    i64::try_from(duration.as_secs()).ok()
}
