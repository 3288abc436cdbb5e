//! The gateway's own log, in the parts that the host keeps of it.

use super::{Line, Range};
use crate::desk::Desk;
use kt_plugin_api::service::ProbeOutcome;
use std::path::{Path, PathBuf};

/// The log's file; older parts are `log.jsonl.1` and so on.
pub(super) const FILE: &str = "log.jsonl";

/// The wanted lines, oldest first. What cannot be read is left out.
pub(super) fn read(desk: &Desk<'_>, dir: &Path, range: Range) -> Vec<Line> {
    let wanted = usize::try_from(range.lines).unwrap_or(usize::MAX);
    let mut lines: Vec<Line> = Vec::new();
    for part in newest_first(desk, dir) {
        let Ok(Some(bytes)) = desk.runner.read(&part) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut older: Vec<Line> = text.lines().map(Line::own).collect();
        let enough = older
            .first()
            .is_some_and(|first| is_before(first, range.since));
        older.append(&mut lines);
        lines = older;
        if enough || lines.len() >= wanted {
            break;
        }
    }
    lines.retain(|line| !is_before(line, range.since));
    let surplus = lines.len().saturating_sub(wanted);
    lines.split_off(surplus)
}

fn is_before(line: &Line, since: Option<i64>) -> bool {
    match (line.at, since) {
        (Some(at), Some(since)) => at.as_second() < since,
        _ => false,
    }
}

fn newest_first(desk: &Desk<'_>, dir: &Path) -> Vec<PathBuf> {
    let ProbeOutcome::Entries(names) = desk.runner.list(dir) else {
        return Vec::new();
    };
    let mut parts: Vec<(u32, PathBuf)> = names
        .iter()
        .filter_map(|name| {
            let rest = name.strip_prefix(FILE)?;
            let age = match rest.strip_prefix('.') {
                Some(number) => number.parse().ok()?,
                None if rest.is_empty() => 0,
                None => return None,
            };
            Some((age, dir.join(name)))
        })
        .collect();
    parts.sort();
    parts.into_iter().map(|(_, path)| path).collect()
}
