//! Where the journal has the lines of a service, and those about it.

use crate::manager;
use kt_plugin_api::service::{LogSource, LogSources, LogsRequest};

pub(crate) fn sources(request: &LogsRequest) -> LogSources {
    let unit = manager::unit_name(&request.spec.family, &request.spec.name);
    let own = journal(request, &["--unit", &unit]);
    // The user manager marks what it says about a unit with this field.
    let about = journal(request, &[&format!("USER_UNIT={unit}")]);
    LogSources {
        sources: vec![own],
        manager: Some(about),
    }
}

fn journal(request: &LogsRequest, which: &[&str]) -> LogSource {
    let fixed = [
        "journalctl",
        "--user",
        "--no-pager",
        "--quiet",
        "--utc",
        "--output=short-iso-precise",
    ];
    let mut argv: Vec<String> = fixed.map(str::to_owned).to_vec();
    argv.extend(["--lines".to_owned(), request.lines.to_string()]);
    if let Some(since) = request.since {
        argv.push(format!("--since=@{since}"));
    }
    argv.extend(which.iter().map(|word| (*word).to_owned()));
    LogSource::Run {
        argv,
        env: manager::environment(&request.facts),
    }
}
