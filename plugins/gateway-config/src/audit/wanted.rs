//! Which rows of the trail a command is about.

use kt_control_api::{
    AuditQuery, Client, GatewayId, Timestamp, TokenId, Transport, resolve_gateway,
};
use kt_plugin_api::{Class, Error, Invocation};
use std::time::Duration;

/// What the options say.
pub(super) fn wanted<T: Transport>(
    invocation: &Invocation,
    client: &Client<T>,
) -> Result<AuditQuery, Error> {
    let text = |option: &str| invocation.args.text(option).map(str::to_owned);
    let before = |option: &str| {
        let time = invocation.args.duration(option);
        time.map(|time| ago(option, time)).transpose()
    };
    Ok(AuditQuery {
        target: target(client, invocation.args.text("target"))?,
        actor: text("actor"),
        action: text("action"),
        since: before("since")?,
        until: before("until")?,
        ..AuditQuery::default()
    })
}

/// The id of what `--target` names: an id, or the name of a gateway.
fn target<T: Transport>(client: &Client<T>, named: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = named else { return Ok(None) };
    // That of a deleted gateway too: its trail stays.
    if text.parse::<GatewayId>().is_ok() || text.parse::<TokenId>().is_ok() {
        return Ok(Some(text.to_owned()));
    }
    resolve_gateway(client, Some(text)).map(|gateway| Some(gateway.id.to_string()))
}

fn ago(option: &str, time: Duration) -> Result<Timestamp, Error> {
    let before = whole_seconds(time).and_then(|s| {
        let now = Timestamp::now().as_second();
        Timestamp::from_second(now.checked_sub(s)?).ok()
    });
    before.ok_or_else(|| {
        let message = format!("`--{option}` reaches before the beginning of time");
        Error::new(Class::Usage, "bad-duration", message)
    })
}

fn whole_seconds(time: Duration) -> Option<i64> {
    i64::try_from(time.as_secs()).ok()
}
