//! `kt events list`.

use super::event::{columns, complete, line};
use super::filter::{Filter, time_before};
use super::location::{audit_file, unreadable};
use crate::args::EventsListArgs;
use crate::audit::records_from_newest;
use kt_control_api::list_limit;
use kt_plugin_api::{Context, Error, Invocation, Output, View};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: EventsListArgs = invocation.arguments()?;
    let limit = list_limit(invocation, args.limit, args.all)?.items;
    let time = |option: &str, age: Option<_>| age.map(|age| time_before(option, age)).transpose();
    let filter = Filter {
        verdict: args.verdict.map(|verdict| verdict.as_ref().to_owned()),
        policy: args.policy,
        model: args.model,
        since: time("since", args.since)?,
        until: time("until", args.until)?,
    };
    let file = audit_file(invocation, context, args.id.as_deref())?;
    if invocation.output.format == "json" {
        return stream(context, &file, &filter, limit);
    }
    let mut events = Vec::new();
    let more = select(context, &file, &filter, limit, &mut |event| {
        events.push(event);
    })?;
    let view = View::Table {
        rows: String::new(),
        columns: columns(),
        empty: "there are no matching events; the policy `audit-logger` records them".to_owned(),
    };
    let shown = events.len();
    let output = Output::new("kt.events.list/1", Value::Array(events), view);
    let output = output.name_path("/request_id");
    Ok(if more {
        output.note(format!("the latest {shown} are shown: --limit, --all"))
    } else {
        output
    })
}

/// Prints one event per line, so that a log of any size needs no memory.
fn stream(
    context: &Context<'_>,
    file: &Path,
    filter: &Filter,
    limit: usize,
) -> Result<Output, Error> {
    select(context, file, filter, limit, &mut |event| {
        context.partial_result(&event_output(event));
    })?;
    let empty = View::Text(String::new());
    Ok(Output::new("kt.events.list/1", Value::Null, empty))
}

/// Returns the output of one event.
pub(super) fn event_output(event: Value) -> Output {
    let text = View::Text(line(&event));
    Output::new("kt.event/1", event, text).name_path("/request_id")
}

/// Visits the newest selected events. Returns whether there are more.
fn select(
    context: &Context<'_>,
    file: &Path,
    filter: &Filter,
    limit: usize,
    visit: &mut dyn FnMut(Value),
) -> Result<bool, Error> {
    let mut count = 0;
    let mut cancelled = Ok(());
    records_from_newest(file, filter.oldest(), &mut |_, record| {
        cancelled = context.check_cancelled();
        if cancelled.is_err() {
            return ControlFlow::Break(());
        }
        let event = complete(record);
        if !filter.selects(&event) {
            return ControlFlow::Continue(());
        }
        count += 1;
        if count > limit {
            return ControlFlow::Break(());
        }
        visit(event);
        ControlFlow::Continue(())
    })
    .map_err(|error| unreadable(file, &error))?;
    cancelled.map(|()| count > limit)
}
