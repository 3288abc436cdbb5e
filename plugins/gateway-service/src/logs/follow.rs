//! Follows a log.

use super::gateway_log::FILE;
use super::log_line::LogLine;
use super::log_range::LogRange;
use super::manager_log;
use crate::context::ServiceContext;
use jiff::Timestamp;
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceSpec;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The log of the service manager is read once in this many polls: reading it runs a
/// program.
const MANAGER_POLL_RATIO: u32 = 10;
/// More lines than a service manager writes between two reads.
const MANAGER_LINES: u32 = 1_000;

/// The end of a log file that grows and is rotated.
pub(crate) struct Tail {
    path: PathBuf,
    /// The open file and its inode.
    open: Option<(File, u64)>,
    /// The start of a line that is not complete yet.
    partial: Vec<u8>,
}

impl Tail {
    /// Opens the log of a service at its end. It must be opened before the earlier lines
    /// are read, so that no line is missed.
    pub(crate) fn open(service: &ServiceContext<'_>, spec: &ServiceSpec) -> Self {
        Self::open_at_end(service.records.dir(&spec.name).join(FILE))
    }

    fn open_at_end(path: PathBuf) -> Self {
        let mut tail = Self {
            path,
            open: None,
            partial: Vec::new(),
        };
        tail.reopen();
        if let Some((file, _)) = &mut tail.open {
            drop(file.seek(SeekFrom::End(0)));
        }
        tail
    }

    fn reopen(&mut self) {
        self.open = File::open(&self.path).ok().and_then(|file| {
            let inode = file.metadata().ok()?.ino();
            Some((file, inode))
        });
    }

    /// Returns the complete lines that were written since the last call.
    fn new_lines(&mut self) -> Vec<String> {
        let mut lines = self.read_open_file();
        let current = std::fs::metadata(&self.path).ok().map(|m| m.ino());
        let same = match (&self.open, current) {
            (Some((_, inode)), Some(current)) => *inode == current,
            (_, current) => current.is_none(),
        };
        if !same {
            // The file was rotated: the rest of the old one comes first.
            lines.extend(self.read_open_file());
            self.reopen();
            lines.extend(self.read_open_file());
        }
        lines
    }

    fn read_open_file(&mut self) -> Vec<String> {
        if let Some((file, _)) = &mut self.open {
            drop(file.read_to_end(&mut self.partial));
        }
        let Some(end) = self.partial.iter().rposition(|&b| b == b'\n') else {
            return Vec::new();
        };
        let rest = self.partial.split_off(end + 1);
        let complete = std::mem::replace(&mut self.partial, rest);
        String::from_utf8_lossy(&complete)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

/// Passes every new line to `print` until the run is cancelled. Lines up to
/// `printed_until` are skipped.
///
/// # Errors
/// The error of [`kt_plugin_api::service::execute::Runner::check`], with which it
/// always ends.
pub(crate) fn follow(
    service: &ServiceContext<'_>,
    spec: &ServiceSpec,
    mut tail: Tail,
    printed_until: Timestamp,
    print: &dyn Fn(&LogLine),
) -> Result<(), Error> {
    let mut manager_until = printed_until;
    for poll in 1_u32.. {
        service.runner.check_cancelled()?;
        for line in tail.new_lines() {
            let line = LogLine::from_gateway(&line);
            if line.at.is_none_or(|at| at > printed_until) {
                print(&line);
            }
        }
        if poll.is_multiple_of(MANAGER_POLL_RATIO) {
            for line in manager_lines(service, spec, manager_until) {
                manager_until = line.at.unwrap_or(manager_until);
                print(&line);
            }
        }
        service.runner.sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Reads the lines of the service manager after `after`.
fn manager_lines(
    service: &ServiceContext<'_>,
    spec: &ServiceSpec,
    after: Timestamp,
) -> Vec<LogLine> {
    let since = Some(after.as_second());
    let sources = service.logs(spec, MANAGER_LINES, since).ok();
    let Some(manager) = sources.and_then(|s| s.supervisor) else {
        return Vec::new();
    };
    let range = LogRange {
        lines: MANAGER_LINES,
        since,
    };
    let mut lines = manager_log::read(service, &manager, "manager", range).unwrap_or_default();
    lines.retain(|line| line.at.is_some_and(|at| at > after));
    lines
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;

    #[test]
    fn a_log_is_followed_across_a_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let write = |text: &str| {
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        write("old\n");
        let mut tail = Tail::open_at_end(path.clone());
        assert!(tail.new_lines().is_empty());
        write("one\ntw");
        assert_eq!(tail.new_lines(), ["one"]);
        write("o\nthree\n");
        fs::rename(&path, dir.path().join("log.jsonl.1")).unwrap();
        write("four\n");
        assert_eq!(tail.new_lines(), ["two", "three", "four"]);
    }

    #[test]
    fn a_log_that_does_not_exist_yet_is_followed_from_its_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let mut tail = Tail::open_at_end(path.clone());
        assert!(tail.new_lines().is_empty());
        fs::write(&path, "one\n").unwrap();
        assert_eq!(tail.new_lines(), ["one"]);
    }
}
