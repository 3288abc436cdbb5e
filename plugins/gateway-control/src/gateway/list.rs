//! `kt gateway list`.

use super::options::{labels, resolve_all, selector};
use crate::args::GatewayListArgs;
use kt_control_api::{Gateway, ListQuery, PagedList, SyncState, connect, parse_limit};
use kt_plugin_api::{CellFormat, Column, Context, Error, Invocation, Output, View};
use serde_json::{Value, json};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayListArgs = invocation.arguments()?;
    let limit = parse_limit(args.limit)?;
    let client = connect(invocation, context)?;
    let mut query = ListQuery {
        state: args
            .state
            .and_then(|state| SyncState::parse(state.as_ref())),
        labels: labels(&args.label)?,
        ..ListQuery::default()
    };
    let selector = selector(&args.selector)?;
    let page = |size, cursor: Option<&str>| {
        query.limit = Some(size);
        query.cursor = cursor.map(str::to_owned);
        client.list_gateways(&query)
    };
    let gateways = if args.gateway.is_empty() {
        let matches = |gateway: &Gateway| selector.matches(&gateway.labels);
        PagedList::read_matching((context, limit), None, page, matches)?
    } else {
        let mut items = resolve_all(&client, &args.gateway)?;
        items.retain(|gateway| selector.matches(&gateway.labels));
        PagedList { items, next: None }
    };
    let rows: Vec<Value> = gateways.items.iter().map(row).collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("ID", "/id"),
            Column::new("NAME", "/name"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("DESIRED", "/desired_version"),
            Column::new("APPLIED", "/applied_version"),
            Column::new("INSTANCES", "/live_instances"),
            Column::new("SHA256", "/sha256")
                .format(CellFormat::Hash)
                .wide(),
            Column::new("CREATED", "/created_at").format(CellFormat::Age),
            Column::new("LABELS", "/labels").wide(),
            Column::new("DESCRIPTION", "/description").wide(),
        ],
        empty: "there are no gateways; `kt gateway create` registers one".to_owned(),
    };
    let output = Output::new("kt.gateway.list/1", Value::Array(rows), view).name_path("/id");
    Ok(if gateways.next.is_some() {
        output.note(format!(
            "only the first {limit} are listed; use a higher `--limit`"
        ))
    } else {
        output
    })
}

fn row(gateway: &Gateway) -> Value {
    let live: Vec<_> = gateway.instances.iter().filter(|i| i.live).collect();
    let applied = live
        .iter()
        .find_map(|i| i.applied.as_ref())
        .and_then(|a| a.version);
    gateway.with_settings(json!({
        "state": gateway.state,
        "desired_version": gateway.desired.as_ref().map(|d| d.version),
        "applied_version": applied,
        "sha256": gateway.desired.as_ref().map(|d| d.sha256),
        "live_instances": live.len(),
        "created_at": gateway.created_at,
        "updated_at": gateway.updated_at,
    }))
}
