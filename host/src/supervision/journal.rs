//! The log of a supervised run: JSON lines in `log.jsonl`, rotated by size, so
//! that every service manager's service has a log, and none without bound.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The log's file; older parts are `log.jsonl.1` and so on.
const FILE: &str = "log.jsonl";
/// A part that has grown to this many bytes is put aside.
const PART: u64 = 8 << 20;
/// How many parts are kept beside the one that is written.
const KEPT: u32 = 4;
/// A standard error that is a file larger than this is emptied at the start:
/// it only takes what no log can, such as a panic.
const STDERR_LIMIT: u64 = 1 << 20;

static JOURNAL: Mutex<Option<Journal>> = Mutex::new(None);

struct Journal {
    path: PathBuf,
    file: File,
    size: u64,
    /// Standard error gets the lines too: somebody keeps or reads it.
    echoed: bool,
}

/// Begins to keep a log in `dir`. Standard error gets the lines too where a
/// service manager keeps them (`kept`), or a person reads them.
pub(super) fn open(dir: &Path, kept: bool) {
    empty_stderr();
    let path = dir.join(FILE);
    if let (Ok(file), Ok(mut journal)) = (append_to(&path), JOURNAL.lock()) {
        let size = file.metadata().map_or(0, |m| m.len());
        let echoed = kept || std::io::IsTerminal::is_terminal(&std::io::stderr());
        *journal = Some(Journal {
            path,
            file,
            size,
            echoed,
        });
    }
}

/// Adds a line, where a log is kept. Returns whether standard error should
/// have it too.
pub(crate) fn append(level: &str, target: &str, message: &str, data: Option<&Value>) -> bool {
    let Ok(mut journal) = JOURNAL.lock() else {
        return true;
    };
    let Some(journal) = journal.as_mut() else {
        return true;
    };
    let mut line = json!({
        "ts": Timestamp::now().to_string(),
        "level": level,
        "target": target,
        "message": message,
    });
    if let (Some(data), Some(object)) = (data, line.as_object_mut()) {
        object.insert("data".to_owned(), data.clone());
    }
    journal.write(&format!("{line}\n"));
    journal.echoed
}

/// Whether standard error should have what the log has, or there is no log.
pub(super) fn echoed() -> bool {
    let journal = JOURNAL.lock();
    journal.is_ok_and(|journal| journal.as_ref().is_none_or(|journal| journal.echoed))
}

impl Journal {
    fn write(&mut self, line: &str) {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.size.saturating_add(length) > PART {
            self.rotate();
        }
        // A full disk must not end the service, and there is nobody to tell.
        if self.file.write_all(line.as_bytes()).is_ok() {
            self.size += length;
        }
    }

    fn rotate(&mut self) {
        let part = |n: u32| self.path.with_extension(format!("jsonl.{n}"));
        for n in (1..KEPT).rev() {
            drop(std::fs::rename(part(n), part(n + 1)));
        }
        drop(std::fs::rename(&self.path, part(1)));
        if let Ok(file) = append_to(&self.path) {
            self.file = file;
            self.size = self.file.metadata().map_or(0, |m| m.len());
        }
    }
}

fn append_to(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn empty_stderr() {
    use rustix::fs::{FileType, fstat, ftruncate};
    let stderr = std::io::stderr();
    let large = fstat(&stderr).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && u64::try_from(stat.st_size).unwrap_or(0) > STDERR_LIMIT
    });
    if large {
        let _full = ftruncate(&stderr, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Journal, KEPT, PART, append_to};

    #[test]
    fn parts_are_put_aside_by_size_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let file = append_to(&path).unwrap();
        let mut journal = Journal {
            path: path.clone(),
            file,
            size: 0,
            echoed: false,
        };
        let half = "x".repeat(usize::try_from(PART / 2).unwrap());
        for n in 0..16 {
            journal.write(&format!("{n}{half}\n"));
        }
        let mut sizes = Vec::new();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            sizes.push(entry.unwrap().metadata().unwrap().len());
        }
        assert_eq!(sizes.len(), usize::try_from(KEPT + 1).unwrap());
        assert!(sizes.iter().all(|&size| size <= PART));
        let newest = std::fs::read_to_string(&path).unwrap();
        assert!(newest.starts_with("15"));
    }
}
