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
        supervisor: Some(about),
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
    // It reads a signed number.
    let lines = i32::try_from(request.lines).map_or("all".to_owned(), |n| n.to_string());
    argv.push(format!("--lines={lines}"));
    if let Some(since) = request.since {
        argv.push(format!("--since=@{since}"));
    }
    argv.extend(which.iter().map(|word| (*word).to_owned()));
    LogSource::Run {
        argv,
        env: manager::environment(&request.system),
    }
}

#[cfg(test)]
mod tests {
    use super::sources;
    use kt_plugin_api::service::{LogSource, LogsRequest, ServiceSpec, SystemInfo};

    #[test]
    fn journalctl_understands_every_number_of_lines() {
        for (lines, expected) in [
            (0, "--lines=0"),
            (7, "--lines=7"),
            (u32::MAX, "--lines=all"),
        ] {
            let request = LogsRequest {
                spec: ServiceSpec::default(),
                system: SystemInfo::default(),
                lines,
                since: Some(5),
            };
            let found = sources(&request);
            let all = found.sources.iter().chain(&found.supervisor);
            for source in all {
                let LogSource::Run { argv, .. } = source else {
                    panic!("not a program")
                };
                assert!(argv.iter().any(|word| word == expected), "{argv:?}");
                assert!(argv.iter().any(|word| word == "--since=@5"));
            }
        }
    }
}
