//! The gateway's own log, in the rotated files that the host keeps.

use super::log_line::LogLine;
use super::log_range::LogRange;
use crate::context::ServiceContext;
use kt_plugin_api::service::ProbeOutcome;
use std::path::{Path, PathBuf};

/// The current log file; rotated files are `log.jsonl.1` and so on.
pub(super) const FILE: &str = "log.jsonl";

/// Reads the requested lines, oldest first. Unreadable files are skipped.
pub(super) fn read(service: &ServiceContext<'_>, dir: &Path, range: LogRange) -> Vec<LogLine> {
    let limit = usize::try_from(range.lines).unwrap_or(usize::MAX);
    let mut lines: Vec<LogLine> = Vec::new();
    for file in newest_first(service, dir) {
        let Ok(Some(bytes)) = service.runner.read(&file) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut older: Vec<LogLine> = text.lines().map(LogLine::from_gateway).collect();
        let complete = older
            .first()
            .is_some_and(|first| is_before(first, range.since));
        older.append(&mut lines);
        lines = older;
        if complete || lines.len() >= limit {
            break;
        }
    }
    lines.retain(|line| !is_before(line, range.since));
    range.last(lines)
}

fn is_before(line: &LogLine, since: Option<i64>) -> bool {
    match (line.at, since) {
        (Some(at), Some(since)) => at.as_second() < since,
        _ => false,
    }
}

fn newest_first(service: &ServiceContext<'_>, dir: &Path) -> Vec<PathBuf> {
    let ProbeOutcome::Entries(names) = service.runner.list(dir) else {
        return Vec::new();
    };
    let mut files: Vec<(u32, PathBuf)> = names
        .iter()
        .filter_map(|name| {
            let suffix = name.strip_prefix(FILE)?;
            let age = match suffix.strip_prefix('.') {
                Some(number) => number.parse().ok()?,
                None if suffix.is_empty() => 0,
                None => return None,
            };
            Some((age, dir.join(name)))
        })
        .collect();
    files.sort();
    files.into_iter().map(|(_, path)| path).collect()
}
