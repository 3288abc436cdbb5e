//! `kt events show`.

use super::event::complete;
use super::location::{audit_file, unreadable};
use crate::args::EventsShowArgs;
use crate::audit::records_from_newest;
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};
use std::ops::ControlFlow;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: EventsShowArgs = invocation.arguments()?;
    let file = audit_file(invocation, context, args.id.as_deref())?;
    let number = args.event.parse::<u64>().ok();
    let mut events = Vec::new();
    let mut cancelled = Ok(());
    records_from_newest(&file, None, &mut |seq, record| {
        cancelled = context.check_cancelled();
        if cancelled.is_err() {
            return ControlFlow::Break(());
        }
        if number == Some(seq) {
            events = vec![record];
            return ControlFlow::Break(());
        }
        if record["request_id"].as_str() != Some(args.event.as_str()) {
            return ControlFlow::Continue(());
        }
        // That of the request is the first one.
        let is_first = record["phase"].as_str() == Some("input");
        events.push(record);
        if is_first {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .map_err(|error| unreadable(&file, &error))?;
    cancelled?;
    events.reverse();
    let Some(first) = events.first() else {
        let message = format!("there is no event `{}`", args.event);
        return Err(Error::new(Class::NotFound, "event-not-found", message)
            .hint("`kt events list` shows the events; requests have their id in `x-request-id`"));
    };
    Ok(output(first.clone(), events))
}

fn output(first: Value, events: Vec<Value>) -> Output {
    let findings: Vec<Value> = events
        .iter()
        .flat_map(|event| {
            let findings = event["findings"].as_array().into_iter().flatten();
            findings.map(|finding| {
                let mut finding = finding.clone();
                finding["phase"] = event["phase"].clone();
                finding
            })
        })
        .collect();
    let events: Vec<Value> = events.into_iter().map(complete).collect();
    let value = json!({
        "request_id": first["request_id"],
        "requested_model": first["requested_model"],
        "config_version": first["config_version"],
        "events": events,
        "findings": findings,
    });
    let view = View::Sections(vec![
        View::Fields(vec![
            Field::new("Request", "/request_id"),
            Field::new("Model", "/requested_model"),
            Field::new("Version", "/config_version"),
        ]),
        View::Table {
            rows: "/events".to_owned(),
            columns: vec![
                Column::new("SEQ", "/seq"),
                Column::new("PHASE", "/phase"),
                Column::new("VERDICT", "/verdict").format(CellFormat::State),
                Column::new("POLICY", "/policies"),
                Column::new("REASON", "/reason"),
                Column::new("TARGET", "/target"),
                Column::new("SERVED", "/served_model"),
                Column::new("WHEN", "/at").format(CellFormat::Age),
                Column::new("HASH", "/hash").format(CellFormat::Hash).wide(),
            ],
            empty: String::new(),
        },
        View::Table {
            rows: "/findings".to_owned(),
            columns: vec![
                Column::new("FOUND", "/kind"),
                Column::new("COUNT", "/count"),
                Column::new("POLICY", "/policy"),
                Column::new("PHASE", "/phase"),
                Column::new("LEVEL", "/level").wide(),
            ],
            empty: "nothing was found".to_owned(),
        },
    ]);
    Output::new("kt.events.show/1", value, view).name_path("/request_id")
}
