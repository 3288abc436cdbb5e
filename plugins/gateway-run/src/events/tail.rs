//! `kt events tail`.

use super::event::complete;
use super::filter::Filter;
use super::list::event_output;
use super::location::{audit_file, unreadable};
use crate::args::EventsTailArgs;
use crate::audit::{Follower, records_from_newest};
use kt_plugin_api::{Cancel, Class, Context, Error, Invocation, Output, View};
use serde_json::Value;
use std::ops::ControlFlow;
use std::time::Duration;

/// How often the log is read. Gateways write it in batches of a few milliseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: EventsTailArgs = invocation.arguments()?;
    let lines = usize::try_from(args.lines).map_err(|_| {
        Error::new(
            Class::Usage,
            "invalid-number",
            "`--lines` must not be negative",
        )
    })?;
    let filter = Filter {
        verdict: args.verdict.map(|verdict| verdict.as_ref().to_owned()),
        policy: args.policy,
        model: args.model,
        ..Filter::default()
    };
    let file = audit_file(invocation, context, args.id.as_deref())?;
    let failed = |error: std::io::Error| unreadable(&file, &error);
    let mut follower = Follower::open(&file).map_err(failed)?;
    let mut newest = Vec::new();
    let last_seq = follower.last_seq();
    records_from_newest(&file, None, &mut |seq, record| {
        if newest.len() >= lines || context.cancelled().is_some() {
            return ControlFlow::Break(());
        }
        let event = complete(record);
        if seq <= last_seq && filter.selects(&event) {
            newest.push(event);
        }
        ControlFlow::Continue(())
    })
    .map_err(failed)?;
    let print = |event: Value| context.partial_result(&event_output(event));
    newest.into_iter().rev().for_each(print);
    loop {
        let mut visit = |record| {
            let event = complete(record);
            if filter.selects(&event) {
                print(event);
            }
        };
        follower.poll(&mut visit).map_err(failed)?;
        match context.wait_cancelled(POLL_INTERVAL) {
            None => {}
            // Ctrl-C is the normal way to stop following.
            Some(Cancel::Interrupt) => {
                let empty = View::Text(String::new());
                let end = Output::new("kt.events.tail/1", Value::Null, empty);
                return Ok(end.outcome(Class::Interrupted.name()));
            }
            Some(_) => context.check_cancelled()?,
        }
    }
}
