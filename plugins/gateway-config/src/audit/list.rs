//! `kt audit list`.

use kt_control_api::{
    AuditQuery, Client, GatewayId, Pages, Timestamp, TokenId, Transport, connect, find_gateway,
    limit,
};
use kt_plugin_api::{Class, Column, Context, Error, Format, Invocation, Output, View};
use serde_json::json;
use std::time::Duration;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let limit = limit(invocation)?;
    let client = connect(invocation, context)?;
    let mut query = AuditQuery {
        target: target(&client, invocation.args.text("target"))?,
        actor: invocation.args.text("actor").map(str::to_owned),
        since: invocation.args.duration("since").map(ago).transpose()?,
        ..AuditQuery::default()
    };
    let found = Pages::read(context, limit, None, |size, cursor| {
        query.limit = Some(size);
        query.cursor = cursor.map(str::to_owned);
        client.audit(&query)
    })?;
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("SEQ", "/seq"),
            Column::new("WHEN", "/at").format(Format::Age),
            Column::new("ACTOR", "/actor"),
            Column::new("ACTION", "/action"),
            Column::new("TARGET", "/target"),
            Column::new("REV", "/rev"),
            Column::new("REQUEST", "/request_id").wide(),
            Column::new("DETAIL", "/detail").wide(),
            Column::new("SEAL", "/hash").format(Format::Hash).wide(),
        ],
        empty: "nothing has been changed".to_owned(),
    };
    let output = Output::new("kt.audit.list/1", json!(found.items), view).named("/seq");
    Ok(if found.next.is_some() {
        output.note(format!("only the last {limit} are shown; raise `--limit`"))
    } else {
        output
    })
}

/// The id of what `--target` names: an id, or the name of a gateway.
fn target<T: Transport>(client: &Client<T>, named: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = named else { return Ok(None) };
    // That of a deleted gateway too: its trail stays.
    if text.parse::<GatewayId>().is_ok() || text.parse::<TokenId>().is_ok() {
        return Ok(Some(text.to_owned()));
    }
    find_gateway(client, Some(text)).map(|gateway| Some(gateway.id.to_string()))
}

fn ago(time: Duration) -> Result<Timestamp, Error> {
    let before = whole_seconds(time).and_then(|s| {
        let now = Timestamp::now().as_second();
        Timestamp::from_second(now.checked_sub(s)?).ok()
    });
    before.ok_or_else(|| {
        Error::new(
            Class::Usage,
            "bad-duration",
            "`--since` reaches before the beginning of time",
        )
    })
}

fn whole_seconds(time: Duration) -> Option<i64> {
    i64::try_from(time.as_secs()).ok()
}
