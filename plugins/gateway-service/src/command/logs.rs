//! `kt gateway logs`.

use super::session::Session;
use crate::logs::{Line, Range, Tail, follow, read, since};
use crate::run;
use jiff::Timestamp;
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::json;

/// How many lines are shown when nothing is said.
const LINES: u32 = 50;

pub(crate) fn logs(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    let Some(record) = session.record()? else {
        return Err(run::not_installed(&session.name));
    };
    let backend = session.open(Some(&record))?;
    let mut desk = session.desk(&backend, &|_| {})?;
    // The gateway's own log can be read while the service manager is away.
    desk.look_ahead();
    let now = Timestamp::now();
    let range = range(invocation, now)?;
    let tail = Tail::of(&desk, &record.spec);
    let lines = read(&desk, &record.spec, range)?;
    if !invocation.args.flag("follow") {
        return Ok(output(&session, &lines));
    }
    for line in &lines {
        context.partial_result(&part(line));
    }
    let show = |line: &Line| context.partial_result(&part(line));
    let shown = lines.iter().filter_map(|line| line.at).max();
    let ended = follow(&desk, &record.spec, tail, shown.unwrap_or(now), &show);
    match ended {
        // Ctrl-C is how one stops following.
        Err(error) if error.class == Class::Interrupted => {
            Ok(output(&session, &[]).outcome(Class::Interrupted.name()))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(output(&session, &[])),
    }
}

fn range(invocation: &Invocation, now: Timestamp) -> Result<Range, Error> {
    let args = &invocation.args;
    let from = args
        .text("since")
        .map(|text| since(text, now))
        .transpose()?;
    let lines = args.integer("lines").and_then(|n| u32::try_from(n).ok());
    let by_default = if from.is_some() { u32::MAX } else { LINES };
    Ok(Range {
        lines: lines.unwrap_or(by_default),
        since: from,
    })
}

fn part(line: &Line) -> Output {
    let text = format!("{}\n", line.text());
    Output::new("kt.gateway.log-line/1", json!(line), View::Text(text)).name_path("/message")
}

fn output(session: &Session<'_, '_>, lines: &[Line]) -> Output {
    let text: String = lines.iter().map(|l| format!("{}\n", l.text())).collect();
    let value = json!({ "service": session.name, "lines": lines });
    Output::new("kt.gateway.logs/1", value, View::Text(text)).name_path("/service")
}
