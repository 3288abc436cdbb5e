//! `kt gateway logs`.

use super::session::Session;
use crate::args::GatewayLogsArgs;
use crate::logs::{LogLine, LogRange, Tail, follow, read};
use jiff::Timestamp;
use kt_control_api::parse_time;
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::json;

/// The default number of lines.
const DEFAULT_LINES: u32 = 50;

pub(crate) fn logs(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayLogsArgs = invocation.arguments()?;
    let session = Session::of_service(invocation, context, &args.service_name)?;
    let Some(record) = session.record()? else {
        return Err(session.not_installed());
    };
    let backend = session.open_backend(Some(&record))?;
    let mut service = session.service_context(&backend, &|_| {})?;
    // The gateway's own log can be read without the service manager.
    service.detect_if_available();
    let now = Timestamp::now();
    let range = parse_range(&args, now)?;
    let tail = Tail::open(&service, &record.spec);
    let lines = read(&service, &record.spec, range)?;
    if !args.follow {
        return Ok(output(&session, &lines));
    }
    let print = |line: &LogLine| context.partial_result(&line_output(line));
    lines.iter().for_each(print);
    let printed_until = lines.iter().filter_map(|line| line.at).max().unwrap_or(now);
    match follow(&service, &record.spec, tail, printed_until, &print) {
        // Ctrl-C is the normal way to stop following.
        Err(error) if error.class == Class::Interrupted => {
            Ok(output(&session, &[]).outcome(Class::Interrupted.name()))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(output(&session, &[])),
    }
}

fn parse_range(args: &GatewayLogsArgs, now: Timestamp) -> Result<LogRange, Error> {
    let since = args.since.as_deref();
    let since = since.map(|text| parse_time(text, now)).transpose()?;
    let since = since.map(Timestamp::as_second);
    let lines = args.lines.and_then(|n| u32::try_from(n).ok());
    let default = if since.is_some() {
        u32::MAX
    } else {
        DEFAULT_LINES
    };
    Ok(LogRange {
        lines: lines.unwrap_or(default),
        since,
    })
}

fn line_output(line: &LogLine) -> Output {
    let text = format!("{}\n", line.text());
    Output::new("kt.gateway.log-line/1", json!(line), View::Text(text)).name_path("/message")
}

fn output(session: &Session<'_, '_>, lines: &[LogLine]) -> Output {
    let text: String = lines.iter().map(|l| format!("{}\n", l.text())).collect();
    let value = json!({ "service": session.name, "lines": lines });
    Output::new("kt.gateway.logs/1", value, View::Text(text)).name_path("/service")
}
