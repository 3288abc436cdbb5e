//! Follows a log.

use super::line::Line;
use super::own::FILE;
use super::{Range, source};
use crate::desk::Desk;
use jiff::Timestamp;
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceSpec;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// Between two looks at the file.
const PAUSE: Duration = Duration::from_millis(200);
/// The service manager is asked once in so many looks: it is a program to run.
const MANAGER_EACH: u32 = 10;
/// More lines than a service manager writes while one follows.
const MANAGER_LINES: u32 = 1_000;

/// The end of a file that grows and is put aside from time to time.
pub(crate) struct Tail {
    path: PathBuf,
    open: Option<(File, u64)>,
    /// The beginning of a line whose end is not written yet.
    begun: Vec<u8>,
}

impl Tail {
    /// A service's log from its present end on. It is opened before the earlier
    /// lines are read, so that none falls between.
    pub(crate) fn of(desk: &Desk<'_>, spec: &ServiceSpec) -> Self {
        Self::at_the_end(desk.records.dir(&spec.name).join(FILE))
    }

    fn at_the_end(path: PathBuf) -> Self {
        let mut tail = Self {
            path,
            open: None,
            begun: Vec::new(),
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

    /// Whole lines that were written since the last call.
    fn news(&mut self) -> Vec<String> {
        let mut lines = self.rest();
        let there = std::fs::metadata(&self.path).ok().map(|m| m.ino());
        let same = match (&self.open, there) {
            (Some((_, inode)), Some(now)) => *inode == now,
            (_, now) => now.is_none(),
        };
        if !same {
            // It was put aside: what is left of it comes first.
            lines.extend(self.rest());
            self.reopen();
            lines.extend(self.rest());
        }
        lines
    }

    fn rest(&mut self) -> Vec<String> {
        if let Some((file, _)) = &mut self.open {
            drop(file.read_to_end(&mut self.begun));
        }
        let Some(end) = self.begun.iter().rposition(|&b| b == b'\n') else {
            return Vec::new();
        };
        let after = self.begun.split_off(end + 1);
        let whole = std::mem::replace(&mut self.begun, after);
        String::from_utf8_lossy(&whole)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

/// Shows every new line until the run is told to end. Lines up to `shown` were
/// shown before.
///
/// # Errors
/// What [`kt_plugin_api::service::execute::Runner::check`] says, which is how it
/// ends.
pub(crate) fn follow(
    desk: &Desk<'_>,
    spec: &ServiceSpec,
    mut tail: Tail,
    shown: Timestamp,
    show: &dyn Fn(&Line),
) -> Result<(), Error> {
    let mut told = shown;
    for look in 1_u32.. {
        desk.runner.check_cancelled()?;
        for line in tail.news() {
            let line = Line::own(&line);
            if line.at.is_none_or(|at| at > shown) {
                show(&line);
            }
        }
        if look.is_multiple_of(MANAGER_EACH) {
            for line in managers(desk, spec, told) {
                told = line.at.unwrap_or(told);
                show(&line);
            }
        }
        desk.runner.sleep(PAUSE);
    }
    Ok(())
}

/// What the service manager said after `told`.
fn managers(desk: &Desk<'_>, spec: &ServiceSpec, told: Timestamp) -> Vec<Line> {
    let since = Some(told.as_second());
    let sources = desk.logs(spec, MANAGER_LINES, since).ok();
    let Some(manager) = sources.and_then(|s| s.supervisor) else {
        return Vec::new();
    };
    let range = Range {
        lines: MANAGER_LINES,
        since,
    };
    let mut lines = source::read(desk, &manager, "manager", range).unwrap_or_default();
    lines.retain(|line| line.at.is_some_and(|at| at > told));
    lines
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;

    #[test]
    fn a_log_is_followed_through_being_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let write = |text: &str| {
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        write("old\n");
        let mut tail = Tail::at_the_end(path.clone());
        assert!(tail.news().is_empty());
        write("one\ntw");
        assert_eq!(tail.news(), ["one"]);
        write("o\nthree\n");
        fs::rename(&path, dir.path().join("log.jsonl.1")).unwrap();
        write("four\n");
        assert_eq!(tail.news(), ["two", "three", "four"]);
    }

    #[test]
    fn a_log_that_is_not_there_yet_is_followed_from_its_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let mut tail = Tail::at_the_end(path.clone());
        assert!(tail.news().is_empty());
        fs::write(&path, "one\n").unwrap();
        assert_eq!(tail.news(), ["one"]);
    }
}
