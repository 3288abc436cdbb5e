//! `kt gateway list`.

use super::options::{labels, resolve_all, selector};
use super::watch::{Changes, Watch};
use crate::args::{GatewayListArgs, GatewayListSortBy};
use kt_control_api::{
    Client, Gateway, LabelSelector, ListLimit, ListQuery, PagedList, ProviderTransport, SyncState,
    connect, list_limit,
};
use kt_plugin_api::{CellFormat, Column, Context, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::time::Duration;

/// How often the list is read while it is watched. The control plane streams the changes of one
/// gateway only.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

/// The state of gateways that are halted, whatever they serve.
const HALTED: &str = "halted";

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayListArgs = invocation.arguments()?;
    let listing = Listing {
        context,
        client: connect(invocation, context)?,
        query: ListQuery {
            halted: args
                .state
                .as_ref()
                .is_some_and(|state| state.as_ref() == HALTED),
            state: args
                .state
                .and_then(|state| SyncState::parse(state.as_ref())),
            labels: labels(&args.label)?,
            name_prefix: args.name_prefix,
            ..ListQuery::default()
        },
        names: args.gateway,
        selector: selector(&args.selector)?,
        sort_by: args.sort_by,
        limit: list_limit(invocation, args.limit, args.all)?,
    };
    if args.watch {
        return listing.watch(invocation);
    }
    let gateways = listing.read()?;
    let rows: Vec<Value> = gateways.items.iter().map(row).collect();
    let output = output(Value::Array(rows));
    Ok(match gateways.shown_note("--limit, --all") {
        Some(note) => output.note(note),
        None => output,
    })
}

/// The gateways that the options select.
struct Listing<'a> {
    context: &'a Context<'a>,
    client: Client<ProviderTransport<'a>>,
    query: ListQuery,
    /// Only these; all if there are none.
    names: Vec<String>,
    selector: LabelSelector,
    sort_by: GatewayListSortBy,
    limit: ListLimit,
}

impl Listing<'_> {
    fn read(&self) -> Result<PagedList<Gateway>, Error> {
        let matches = |gateway: &Gateway| self.selector.matches(&gateway.labels);
        if !self.names.is_empty() {
            let mut items = resolve_all(&self.client, &self.names)?;
            items.retain(matches);
            sort(&mut items, &self.sort_by);
            return Ok(PagedList::whole(items));
        }
        let mut query = self.query.clone();
        let mut read = |limit| {
            let page = |size, cursor: Option<&str>| {
                query.limit = Some(size);
                query.cursor = cursor.map(str::to_owned);
                self.client.list_gateways(&query)
            };
            PagedList::read_matching((self.context, limit), None, page, matches)
        };
        // The control plane sorts by name.
        if self.sort_by == GatewayListSortBy::Name {
            return read(self.limit);
        }
        let mut all = read(ListLimit::first(usize::MAX))?;
        sort(&mut all.items, &self.sort_by);
        all.truncate(self.limit.items);
        Ok(all)
    }

    /// Prints the list, and then each gateway that changes, until it is interrupted.
    fn watch(&self, invocation: &Invocation) -> Result<Output, Error> {
        let mut changes = Changes::default();
        let watch = Watch {
            context: self.context,
            schema: "kt.gateway.list/1",
        };
        let for_users = self.limit.count_rest;
        watch.run(&mut || {
            let gateways = self.read()?;
            let is_first = changes.is_first();
            let rows = changes.update(gateways.items.iter().map(row).collect());
            if is_first && (for_users || invocation.output.format == "name") {
                self.context.partial_result(&output(Value::Array(rows)));
            } else {
                for row in rows {
                    self.context.partial_result(&output(row));
                }
            }
            Ok(self.context.wait_cancelled(WATCH_INTERVAL))
        })
    }
}

/// Sorts gateways; times and numbers with the greatest one first. They are sorted by name before.
fn sort(gateways: &mut [Gateway], by: &GatewayListSortBy) {
    match by {
        GatewayListSortBy::Name => {}
        GatewayListSortBy::State => gateways.sort_by_key(|g| g.state.as_str()),
        GatewayListSortBy::Created => gateways.sort_by_key(|g| Reverse(g.created_at)),
        GatewayListSortBy::Updated => gateways.sort_by_key(|g| Reverse(g.updated_at)),
        GatewayListSortBy::Version => {
            let desired = |g: &Gateway| g.desired.as_ref().map(|d| d.version);
            gateways.sort_by_key(|g| Reverse(desired(g)));
        }
        GatewayListSortBy::Instances => {
            gateways.sort_by_key(|g| Reverse(g.live_instances().count()));
        }
    }
}

fn output(value: Value) -> Output {
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("ID", "/id"),
            Column::new("NAME", "/name"),
            Column::new("STATE", "/shown_state").format(CellFormat::State),
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
    Output::new("kt.gateway.list/1", value, view).name_path("/id")
}

fn row(gateway: &Gateway) -> Value {
    let live: Vec<_> = gateway.live_instances().collect();
    let applied = live
        .iter()
        .find_map(|i| i.applied.as_ref())
        .and_then(|a| a.version);
    gateway.with_settings(json!({
        "state": gateway.state,
        "halt": gateway.halt,
        "shown_state": match &gateway.halt {
            Some(_) => HALTED,
            None => gateway.state.as_str(),
        },
        "desired_version": gateway.desired.as_ref().map(|d| d.version),
        "applied_version": applied,
        "sha256": gateway.desired.as_ref().map(|d| d.sha256),
        "live_instances": live.len(),
        "created_at": gateway.created_at,
        "updated_at": gateway.updated_at,
    }))
}
