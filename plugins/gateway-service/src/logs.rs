//! The log of a service.

use crate::desk::Desk;
use kt_plugin_api::service::execute::Ran;
use kt_plugin_api::service::{LogSource, ServiceSpec};
use kt_plugin_api::{Class, Error};
use std::time::Duration;

/// How long a log reader may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last lines of the first source that can be read; `None` when there is
/// nothing yet.
///
/// # Errors
/// Class `unavailable` with the reason of every source.
pub(crate) fn tail(
    desk: &Desk<'_>,
    spec: &ServiceSpec,
    lines: u32,
) -> Result<Option<String>, Error> {
    let mut reasons = Vec::new();
    let mut empty = false;
    for source in desk.logs(spec, lines)?.sources {
        match read(desk, &source, lines) {
            Ok(Some(text)) => return Ok(Some(text)),
            Ok(None) => empty = true,
            Err(why) => reasons.push(why),
        }
    }
    if empty || reasons.is_empty() {
        return Ok(None);
    }
    let error = Error::new(
        Class::Unavailable,
        "log-unreadable",
        "the service's log cannot be read",
    );
    Err(reasons.into_iter().fold(error, Error::cause))
}

fn read(desk: &Desk<'_>, source: &LogSource, lines: u32) -> Result<Option<String>, String> {
    match source {
        LogSource::File(path) => match desk.runner.read(path) {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => Ok(Some(last(&String::from_utf8_lossy(&bytes), lines))),
            Err(error) => Err(format!("{}: {error}", path.display())),
        },
        LogSource::Run { argv, env } => match desk.runner.run(argv, env, PATIENCE) {
            Ran::Ended {
                code: Some(0),
                stdout,
                ..
            } => Ok(Some(stdout)),
            Ran::Ended { stderr, .. } => Err(stderr.trim().to_owned()),
            Ran::TimedOut => Err(format!("`{}` took too long", argv.join(" "))),
            Ran::Missing => Err(format!("`{}` is missing", argv.join(" "))),
            Ran::Failed(why) => Err(why),
        },
    }
}

fn last(text: &str, lines: u32) -> String {
    let all: Vec<&str> = text.lines().collect();
    let skip = all
        .len()
        .saturating_sub(usize::try_from(lines).unwrap_or(usize::MAX));
    all.iter()
        .skip(skip)
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::last;

    #[test]
    fn only_the_last_lines_are_kept() {
        assert_eq!(last("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last("a\nb", 9), "a\nb\n");
        assert_eq!(last("a", 0), "");
    }
}
