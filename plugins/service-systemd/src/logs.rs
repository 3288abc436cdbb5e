//! The journal of a service and of its unit.

use crate::manager;
use kt_plugin_api::service::{LogSource, LogSources, LogsRequest};

pub(crate) fn sources(request: &LogsRequest) -> LogSources {
    let unit = manager::unit_name(&request.spec.family, &request.spec.name);
    let service = journal(request, &["--unit", &unit]);
    // The user manager sets this field in its messages about a unit.
    let manager = journal(request, &[&format!("USER_UNIT={unit}")]);
    LogSources {
        sources: vec![service],
        supervisor: Some(manager),
    }
}

fn journal(request: &LogsRequest, filter: &[&str]) -> LogSource {
    let options = [
        "journalctl",
        "--user",
        "--no-pager",
        "--quiet",
        "--utc",
        "--output=short-iso-precise",
    ];
    let mut argv: Vec<String> = options.map(str::to_owned).to_vec();
    // journalctl parses a signed number.
    let lines = i32::try_from(request.lines).map_or("all".to_owned(), |n| n.to_string());
    argv.push(format!("--lines={lines}"));
    if let Some(since) = request.since {
        argv.push(format!("--since=@{since}"));
    }
    argv.extend(filter.iter().map(|&arg| arg.to_owned()));
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
    fn journalctl_accepts_every_number_of_lines() {
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
            let logs = sources(&request);
            let all = logs.sources.iter().chain(&logs.supervisor);
            for source in all {
                let LogSource::Run { argv, .. } = source else {
                    panic!("not a program")
                };
                assert!(argv.iter().any(|arg| arg == expected), "{argv:?}");
                assert!(argv.iter().any(|arg| arg == "--since=@5"));
            }
        }
    }
}
