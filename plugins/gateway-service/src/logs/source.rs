//! Logs that a service manager keeps.

use super::{Line, Range};
use crate::desk::Desk;
use kt_plugin_api::service::LogSource;
use kt_plugin_api::service::execute::ExecOutcome;
use std::time::Duration;

/// How long a log reader may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lines of a source; the error says for people why there are none.
pub(super) fn read(
    desk: &Desk<'_>,
    source: &LogSource,
    name: &'static str,
    range: Range,
) -> Result<Vec<Line>, String> {
    let text = match source {
        LogSource::File(path) => match desk.runner.read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        },
        LogSource::Run { argv, env } => match desk.runner.run(argv, env, PATIENCE) {
            ExecOutcome::Exited {
                code: Some(0),
                stdout,
                ..
            } => stdout,
            ExecOutcome::Exited { stderr, .. } => return Err(stderr.trim().to_owned()),
            ExecOutcome::TimedOut => return Err(format!("`{}` took too long", argv.join(" "))),
            ExecOutcome::NotFound => return Err(format!("`{}` is missing", argv.join(" "))),
            ExecOutcome::Failed(why) => return Err(why),
        },
    };
    let mut lines: Vec<Line> = text.lines().map(|line| Line::timed(line, name)).collect();
    let wanted = usize::try_from(range.lines).unwrap_or(usize::MAX);
    let surplus = lines.len().saturating_sub(wanted);
    Ok(lines.split_off(surplus))
}
