//! The log file of a supervised run: JSON lines in `log.jsonl`, rotated by size,
//! so that a service has a bounded log under every service manager.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Name of the current file; rotated files are `log.jsonl.1` and so on.
const FILE: &str = "log.jsonl";
/// The size at which the file is rotated, bytes.
const MAX_SIZE: u64 = 8 << 20;
/// The number of rotated files.
const MAX_ROTATED: u32 = 4;
/// A standard error that is a regular file larger than this is truncated at the
/// start. It only receives what cannot be logged, such as the message of a panic.
const STDERR_LIMIT: u64 = 1 << 20;

static LOG_FILE: Mutex<Option<LogFile>> = Mutex::new(None);

struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    /// Whether records are also written to standard error.
    stderr: bool,
}

/// Opens the log file in `dir`. Records are also written to standard error if
/// the service manager stores it (`stderr_is_stored`), or it is a terminal.
pub(crate) fn open(dir: &Path, stderr_is_stored: bool) {
    truncate_stderr();
    let path = dir.join(FILE);
    if let (Ok(file), Ok(mut log)) = (open_append(&path), LOG_FILE.lock()) {
        let size = file.metadata().map_or(0, |m| m.len());
        let stderr = stderr_is_stored || std::io::IsTerminal::is_terminal(&std::io::stderr());
        *log = Some(LogFile {
            path,
            file,
            size,
            stderr,
        });
    }
}

/// Appends a record to the log file, if one is open. Returns whether it should
/// also be written to standard error.
pub(crate) fn append(level: &str, target: &str, message: &str, data: Option<&Value>) -> bool {
    let Ok(mut log) = LOG_FILE.lock() else {
        return true;
    };
    let Some(log) = log.as_mut() else {
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
    log.write(&format!("{line}\n"));
    log.stderr
}

/// Returns whether records are written to standard error.
pub(crate) fn writes_to_stderr() -> bool {
    let log = LOG_FILE.lock();
    log.is_ok_and(|log| log.as_ref().is_none_or(|log| log.stderr))
}

impl LogFile {
    fn write(&mut self, line: &str) {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.size.saturating_add(length) > MAX_SIZE {
            self.rotate();
        }
        // A full disk must not end the service.
        if self.file.write_all(line.as_bytes()).is_ok() {
            self.size += length;
        }
    }

    fn rotate(&mut self) {
        let rotated = |n: u32| self.path.with_extension(format!("jsonl.{n}"));
        for n in (1..MAX_ROTATED).rev() {
            drop(std::fs::rename(rotated(n), rotated(n + 1)));
        }
        drop(std::fs::rename(&self.path, rotated(1)));
        if let Ok(file) = open_append(&self.path) {
            self.file = file;
            self.size = self.file.metadata().map_or(0, |m| m.len());
        }
    }
}

fn open_append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn truncate_stderr() {
    use rustix::fs::{FileType, fstat, ftruncate};
    let stderr = std::io::stderr();
    let large = fstat(&stderr).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && u64::try_from(stat.st_size).unwrap_or(0) > STDERR_LIMIT
    });
    if large {
        let _result = ftruncate(&stderr, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::{LogFile, MAX_ROTATED, MAX_SIZE, open_append};

    #[test]
    fn files_are_rotated_by_size_and_the_oldest_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let file = open_append(&path).unwrap();
        let mut log = LogFile {
            path: path.clone(),
            file,
            size: 0,
            stderr: false,
        };
        let half = "x".repeat(usize::try_from(MAX_SIZE / 2).unwrap());
        for n in 0..16 {
            log.write(&format!("{n}{half}\n"));
        }
        let mut sizes = Vec::new();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            sizes.push(entry.unwrap().metadata().unwrap().len());
        }
        assert_eq!(sizes.len(), usize::try_from(MAX_ROTATED + 1).unwrap());
        assert!(sizes.iter().all(|&size| size <= MAX_SIZE));
        let newest = std::fs::read_to_string(&path).unwrap();
        assert!(newest.starts_with("15"));
    }
}
