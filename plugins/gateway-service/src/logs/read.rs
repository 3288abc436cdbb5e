//! Merges the sources of a log.

use super::log_line::LogLine;
use super::log_range::LogRange;
use super::{gateway_log, manager_log};
use crate::context::ServiceContext;
use kt_plugin_api::service::{LogSource, ServiceSpec};
use kt_plugin_api::{Class, Error};

/// Reads the requested lines, oldest first.
///
/// # Errors
/// Class `unavailable` with the error of each source, when none can be read.
pub(crate) fn read(
    service: &ServiceContext<'_>,
    spec: &ServiceSpec,
    range: LogRange,
) -> Result<Vec<LogLine>, Error> {
    let sources = service.logs(spec, range.lines, range.since)?;
    let mut lines = gateway_log::read(service, &service.records.dir(&spec.name), range);
    if lines.is_empty() {
        // The gateway exited before it opened its log, or an older kt runs that has none.
        lines = first_readable(service, &sources.sources, range)?;
    }
    if let Some(manager) = &sources.supervisor {
        // An unreadable journal must not hide the gateway's log.
        lines.extend(manager_log::read(service, manager, "manager", range).unwrap_or_default());
    }
    // A line without a time keeps its place after the line before it.
    let mut last = None;
    for line in &mut lines {
        last = line.at.or(last);
        line.at = last;
    }
    lines.sort_by_key(|line| line.at);
    Ok(range.last(lines))
}

/// Reads the first source that is readable and not empty.
fn first_readable(
    service: &ServiceContext<'_>,
    sources: &[LogSource],
    range: LogRange,
) -> Result<Vec<LogLine>, Error> {
    let mut errors = Vec::new();
    let mut readable = sources.is_empty();
    for source in sources {
        match manager_log::read(service, source, "output", range) {
            Ok(lines) if !lines.is_empty() => return Ok(lines),
            Ok(_) => readable = true,
            Err(error) => errors.push(error),
        }
    }
    if readable {
        return Ok(Vec::new());
    }
    let error = Error::new(
        Class::Unavailable,
        "log-unreadable",
        "cannot read the log of the service",
    );
    Err(errors.into_iter().fold(error, Error::cause))
}
