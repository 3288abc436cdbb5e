//! The segments of the audit log: `audit.jsonl`, which is written, and older ones,
//! `audit-SEQ.jsonl`, named by the number of their last record.
//!
//! All records of a segment are kept for the same time, so that a segment can be removed
//! as a whole. The hash chain continues from one segment to the next.

use super::tail::{self, Tail};
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The size at which a segment is closed.
const MAX_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// The age at which a segment is closed, so that retention is enforced by the day.
const MAX_SEGMENT_AGE: Duration = DAY;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The segment that is written.
pub(super) struct Segment {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// The number of the last record.
    pub(super) seq: u64,
    /// The hash of the last record.
    pub(super) hash: String,
    /// The length of the complete records, bytes.
    pub(super) length: u64,
    opened: SystemTime,
    /// How long the records are kept; `None` while there are none.
    retention_days: Option<u64>,
}

impl Segment {
    /// Opens the file. An incomplete last line is removed; a file that does not end with
    /// a record is renamed, never truncated.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = open(path)?;
        let (seq, hash, length, retention_days) = match tail::read(&mut file)? {
            Tail::Record {
                seq,
                hash,
                retention_days,
                end,
            } => (seq, hash, end, Some(retention_days)),
            Tail::Empty => match newest_closed(path)? {
                Some((seq, hash)) => (seq, hash, 0, None),
                None => (0, String::new(), 0, None),
            },
            Tail::Damaged => {
                let suffix = format!("damaged-{}.jsonl", Timestamp::now().as_second());
                let renamed = path.with_extension(suffix);
                tracing::error!(renamed = %renamed.display(), "the audit log does not end with a record; it was renamed, and a new one is started");
                std::fs::rename(path, renamed)?;
                file = open(path)?;
                (0, String::new(), 0, None)
            }
        };
        file.set_len(length)?;
        Ok(Self {
            opened: file.metadata()?.created().unwrap_or(SystemTime::now()),
            file,
            path: path.to_owned(),
            seq,
            hash,
            length,
            retention_days,
        })
    }

    /// Closes the segment if it is too large or too old, or if its records are kept for
    /// another time than the next one.
    ///
    /// # Errors
    /// When the next segment cannot be created; this one is then still written.
    pub(super) fn rotate_before(&mut self, retention_days: u64) -> std::io::Result<()> {
        if self
            .retention_days
            .is_some_and(|days| days != retention_days)
        {
            self.close()?;
        }
        self.rotate()?;
        self.retention_days = Some(retention_days);
        Ok(())
    }

    /// Closes the segment if it is too large or too old.
    ///
    /// # Errors
    /// As [`Segment::rotate_before`].
    pub(super) fn rotate(&mut self) -> std::io::Result<()> {
        let is_due = self.length >= MAX_SEGMENT_BYTES
            || self
                .opened
                .elapsed()
                .is_ok_and(|age| age >= MAX_SEGMENT_AGE);
        if is_due { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> std::io::Result<()> {
        if self.length > 0 {
            let closed = self
                .path
                .with_file_name(format!("audit-{:020}.jsonl", self.seq));
            std::fs::rename(&self.path, closed)?;
            self.file = open(&self.path)?;
            if let Some(dir) = self.path.parent() {
                File::open(dir)?.sync_all()?;
            }
            self.length = 0;
            self.opened = SystemTime::now();
        }
        Ok(())
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// Returns the closed segments, oldest first.
fn closed(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let Some(dir) = path.parent() else {
        return Ok(Vec::new());
    };
    let mut segments: Vec<PathBuf> = std::fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            let seq = name.and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl"));
            seq.is_some_and(|seq| !seq.is_empty() && seq.bytes().all(|b| b.is_ascii_digit()))
        })
        .collect();
    segments.sort();
    Ok(segments)
}

fn newest_closed(path: &Path) -> std::io::Result<Option<(u64, String)>> {
    let Some(newest) = closed(path)?.pop() else {
        return Ok(None);
    };
    Ok(match tail::read(&mut File::open(newest)?)? {
        Tail::Record { seq, hash, .. } => Some((seq, hash)),
        Tail::Empty | Tail::Damaged => None,
    })
}

/// Removes closed segments whose records have been kept long enough. One that does not
/// end with a record is kept.
///
/// # Errors
/// When the directory cannot be read.
pub(super) fn remove_expired(path: &Path) -> std::io::Result<()> {
    for segment in closed(path)? {
        let mut file = File::open(&segment)?;
        // Nothing is written to a closed segment: this is the time of its last record.
        let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
        if let Tail::Record { retention_days, .. } = tail::read(&mut file)?
            && age.as_secs() / DAY.as_secs() >= retention_days
        {
            tracing::info!(file = %segment.display(), retention_days, "removing expired audit records");
            std::fs::remove_file(segment)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Segment, closed, remove_expired};
    use std::fs::File;
    use std::io::Write;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    fn write(segment: &mut Segment, retention_days: u64) {
        segment.rotate_before(retention_days).unwrap();
        segment.seq += 1;
        segment.hash = format!("h{}", segment.seq);
        let line = format!(
            "{{\"seq\":{},\"retention_days\":{retention_days},\"hash\":\"{}\"}}\n",
            segment.seq, segment.hash
        );
        segment.file.write_all(line.as_bytes()).unwrap();
        segment.length += line.len() as u64;
    }

    fn age(path: &Path, days: u64) {
        let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }

    #[test]
    fn segments_have_one_retention_and_the_chain_continues() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        write(&mut segment, 30);
        write(&mut segment, 30);
        write(&mut segment, 7);
        assert_eq!(closed(&path).unwrap().len(), 1);
        let segment = Segment::open(&path).unwrap();
        assert_eq!((segment.seq, segment.hash.as_str()), (3, "h3"));
        std::fs::remove_file(&path).unwrap();
        let segment = Segment::open(&path).unwrap();
        assert_eq!((segment.seq, segment.hash.as_str()), (2, "h2"));
    }

    #[test]
    fn expired_segments_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        for retention_days in [30, 7, 30, 7] {
            write(&mut segment, retention_days);
        }
        let segments = closed(&path).unwrap();
        assert_eq!(segments.len(), 3);
        for segment in &segments {
            age(segment, 10);
        }
        let other = dir.path().join("audit-x.jsonl");
        std::fs::write(&other, "").unwrap();
        remove_expired(&path).unwrap();
        assert_eq!(
            closed(&path).unwrap(),
            [segments[0].clone(), segments[2].clone()]
        );
        assert!(other.exists() && path.exists());
    }
}
