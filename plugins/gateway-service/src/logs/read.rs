//! Joins the parts of a log.

use super::{Line, own, source};
use crate::desk::Desk;
use kt_plugin_api::service::ServiceSpec;
use kt_plugin_api::{Class, Error};

/// Which lines are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Range {
    /// At most this many, the last ones.
    pub(crate) lines: u32,
    /// Only newer ones, Unix seconds.
    pub(crate) since: Option<i64>,
}

/// The wanted lines, oldest first.
///
/// # Errors
/// Class `unavailable` with the reason of every source, when none can be read.
pub(crate) fn read(desk: &Desk<'_>, spec: &ServiceSpec, range: Range) -> Result<Vec<Line>, Error> {
    let sources = desk.logs(spec, range.lines, range.since)?;
    let mut lines = own::read(desk, &desk.records.dir(&spec.name), range);
    if lines.is_empty() {
        // It never got so far, or an older kt wrote no log of its own.
        lines = first(desk, &sources.sources, range)?;
    }
    if let Some(manager) = &sources.supervisor {
        // A journal that cannot be read takes nothing away from the rest.
        lines.extend(source::read(desk, manager, "manager", range).unwrap_or_default());
    }
    // Lines without a time stay behind the one before them.
    let mut last = None;
    for line in &mut lines {
        last = line.at.or(last);
        line.at = last;
    }
    lines.sort_by_key(|line| line.at);
    let surplus = lines
        .len()
        .saturating_sub(usize::try_from(range.lines).unwrap_or(usize::MAX));
    Ok(lines.split_off(surplus))
}

/// The first source that can be read.
fn first(
    desk: &Desk<'_>,
    sources: &[kt_plugin_api::service::LogSource],
    range: Range,
) -> Result<Vec<Line>, Error> {
    let mut reasons = Vec::new();
    let mut readable = sources.is_empty();
    for one in sources {
        match source::read(desk, one, "output", range) {
            Ok(lines) if !lines.is_empty() => return Ok(lines),
            Ok(_) => readable = true,
            Err(why) => reasons.push(why),
        }
    }
    if readable {
        return Ok(Vec::new());
    }
    let error = Error::new(
        Class::Unavailable,
        "log-unreadable",
        "the service's log cannot be read",
    );
    Err(reasons.into_iter().fold(error, Error::cause))
}
