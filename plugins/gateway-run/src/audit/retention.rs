//! The removal of segments whose records have been kept long enough.
//!
//! Segments are removed oldest first, and never the one that the chain continues from:
//! the remaining records are always one chain without a gap. A thread of its own does
//! it, because reading a large segment must not delay the writer.

use super::segments;
use super::tail::{self, Tail};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The interval at which expired segments are removed while none is closed.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A handle to the thread that removes expired segments.
pub(super) struct RetentionThread {
    segment_closed: Sender<()>,
    thread: JoinHandle<()>,
}

impl RetentionThread {
    /// Starts the thread, which removes expired segments at once.
    ///
    /// # Errors
    /// When the thread cannot be created.
    pub(super) fn start(path: PathBuf) -> std::io::Result<Self> {
        let (segment_closed, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("audit-retention".to_owned())
            .spawn(move || {
                loop {
                    if let Err(error) = remove_expired(&path) {
                        tracing::error!("cannot remove expired audit records: {error}");
                    }
                    let received = receiver.recv_timeout(RETENTION_INTERVAL);
                    if received == Err(RecvTimeoutError::Disconnected) {
                        return;
                    }
                }
            })?;
        Ok(Self {
            segment_closed,
            thread,
        })
    }

    /// Removes expired segments soon.
    pub(super) fn segment_closed(&self) {
        // It fails only if the thread has ended, and then nothing can be removed.
        self.segment_closed.send(()).ok();
    }

    pub(super) fn stop(self) {
        drop(self.segment_closed);
        drop(self.thread.join());
    }
}

/// Whether a closed segment is to be kept.
#[derive(Debug, PartialEq, Eq)]
enum Expiry {
    Expired,
    NotExpired,
    /// It does not end with a record, and is never removed.
    Damaged,
}

/// Removes the oldest segments while all of their records are expired.
///
/// # Errors
/// When a segment cannot be read or removed.
fn remove_expired(path: &Path) -> std::io::Result<()> {
    let mut closed = segments::closed(path)?;
    if !has_durable_record(path)? {
        closed.pop();
    }
    for segment in closed {
        match expiry(&segment)? {
            Expiry::Expired => {
                tracing::info!(file = %segment.display(), "removing expired audit records");
                std::fs::remove_file(segment)?;
            }
            Expiry::NotExpired => break,
            Expiry::Damaged => {}
        }
    }
    Ok(())
}

/// Returns whether the chain can be continued from the current segment, also after a
/// power failure.
fn has_durable_record(path: &Path) -> std::io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_record = matches!(tail::read(&mut file)?, Tail::Record { .. });
    if is_record {
        file.sync_data()?;
    }
    Ok(is_record)
}

fn expiry(segment: &Path) -> std::io::Result<Expiry> {
    let mut file = File::open(segment)?;
    // Nothing is written to a closed segment: this is the time of its last record.
    let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
    let days = age.as_secs() / DAY.as_secs();
    let Tail::Record { retention_days, .. } = tail::read(&mut file)? else {
        return Ok(Expiry::Damaged);
    };
    if days < retention_days {
        return Ok(Expiry::NotExpired);
    }
    file.rewind()?;
    Ok(if days < longest_retention(BufReader::new(file))? {
        Expiry::NotExpired
    } else {
        Expiry::Expired
    })
}

#[derive(Deserialize)]
struct Retention {
    retention_days: u64,
}

/// Returns the longest retention of the records. They have the same one, except in a
/// file of a version that did not close segments.
fn longest_retention(reader: impl BufRead) -> std::io::Result<u64> {
    let mut longest = 0;
    for line in reader.split(b'\n') {
        if let Ok(record) = serde_json::from_slice::<Retention>(&line?) {
            longest = longest.max(record.retention_days);
        }
    }
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use super::remove_expired;
    use crate::audit::segments::Segment;
    use crate::audit::segments::{closed, tests::append};
    use std::fs::File;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    fn age(path: &Path, days: u64) {
        let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    }

    /// Returns the path of an audit log with a record of each retention, and its closed
    /// segments, which are 10 days old.
    fn audit_log(dir: &Path, retentions: &[u64]) -> (PathBuf, Vec<PathBuf>) {
        let path = dir.join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        for retention_days in retentions {
            append(&mut segment, *retention_days);
        }
        let segments = closed(&path).unwrap();
        for segment in &segments {
            age(segment, 10);
        }
        (path, segments)
    }

    #[test]
    fn expired_segments_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, segments) = audit_log(dir.path(), &[7, 8, 30, 7]);
        assert_eq!(segments.len(), 3);
        let other = dir.path().join("audit-x.jsonl");
        std::fs::write(&other, "").unwrap();
        remove_expired(&path).unwrap();
        assert_eq!(closed(&path).unwrap(), [segments[2].clone()]);
        assert!(other.exists() && path.exists());
        age(&segments[2], 30);
        remove_expired(&path).unwrap();
        assert!(closed(&path).unwrap().is_empty() && path.exists());
    }

    #[test]
    fn a_segment_is_not_removed_before_an_older_one() {
        let dir = tempfile::tempdir().unwrap();
        let (path, segments) = audit_log(dir.path(), &[30, 7, 30, 7]);
        remove_expired(&path).unwrap();
        assert_eq!(closed(&path).unwrap(), segments);
        age(&segments[0], 30);
        remove_expired(&path).unwrap();
        assert_eq!(closed(&path).unwrap(), [segments[2].clone()]);
    }

    #[test]
    fn the_segment_that_the_chain_continues_from_is_kept() {
        for current in ["", "{\"seq\":4,\"retent"] {
            let dir = tempfile::tempdir().unwrap();
            let (path, segments) = audit_log(dir.path(), &[7, 8, 7, 8]);
            std::fs::write(&path, current).unwrap();
            remove_expired(&path).unwrap();
            assert_eq!(closed(&path).unwrap(), [segments[2].clone()]);
            let segment = Segment::open(&path).unwrap();
            assert_eq!(segment.head.seq, 3);
        }
    }

    #[test]
    fn a_damaged_segment_is_kept_and_does_not_keep_others() {
        let dir = tempfile::tempdir().unwrap();
        let (path, segments) = audit_log(dir.path(), &[7, 8, 7, 8]);
        std::fs::write(&segments[0], "nonsense\n").unwrap();
        age(&segments[0], 10);
        remove_expired(&path).unwrap();
        assert_eq!(closed(&path).unwrap(), [segments[0].clone()]);
    }

    #[test]
    fn a_segment_of_mixed_retention_is_kept_for_the_longest() {
        let dir = tempfile::tempdir().unwrap();
        let (path, segments) = audit_log(dir.path(), &[30, 7]);
        let text = std::fs::read_to_string(&segments[0]).unwrap();
        let mixed = text.clone() + &text.replace("\"retention_days\":30", "\"retention_days\":7");
        std::fs::write(&segments[0], mixed).unwrap();
        age(&segments[0], 10);
        remove_expired(&path).unwrap();
        assert_eq!(closed(&path).unwrap(), segments);
        age(&segments[0], 30);
        remove_expired(&path).unwrap();
        assert!(closed(&path).unwrap().is_empty());
    }
}
