//! Logs that a service manager keeps.

use super::log_line::LogLine;
use super::log_range::LogRange;
use crate::context::ServiceContext;
use kt_plugin_api::service::LogSource;
use kt_plugin_api::service::execute::ExecOutcome;
use std::time::Duration;

/// The time limit for a command that reads a log.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the lines of a source. The error is the reason, for display.
pub(super) fn read(
    service: &ServiceContext<'_>,
    source: &LogSource,
    name: &'static str,
    range: LogRange,
) -> Result<Vec<LogLine>, String> {
    let text = match source {
        LogSource::File(path) => match service.runner.read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        },
        LogSource::Run { argv, env } => match service.runner.run(argv, env, TIMEOUT) {
            ExecOutcome::Exited {
                code: Some(0),
                stdout,
                ..
            } => stdout,
            ExecOutcome::Exited { stderr, .. } => return Err(stderr.trim().to_owned()),
            ExecOutcome::TimedOut => return Err(format!("`{}` timed out", argv.join(" "))),
            ExecOutcome::NotFound => return Err(format!("`{}` is not installed", argv.join(" "))),
            ExecOutcome::Failed(error) => return Err(error),
        },
    };
    let lines = text.lines().map(|line| LogLine::from_manager(line, name));
    Ok(range.last(lines.collect()))
}
