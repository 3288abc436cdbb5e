//! The segments of the audit log: `audit.jsonl`, which is written, and older ones,
//! `audit-SEQ.jsonl`, named by the number of their last record.
//!
//! All records of a segment are kept for the same time, so that a segment can be removed
//! as a whole. The hash chain continues from one segment to the next.

use super::tail::{self, ChainHead, Tail};
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The size at which a segment is closed.
const MAX_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// The age at which a segment is closed, so that retention is enforced by the day.
const MAX_SEGMENT_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The segment that is written.
pub(super) struct Segment {
    /// The last record of the log.
    pub(super) head: ChainHead,
    file: File,
    path: PathBuf,
    max_bytes: u64,
    /// The length of the complete records, bytes.
    length: u64,
    /// Whether a failed write may have left a partial record behind them.
    has_partial_record: bool,
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
        let (head, length, retention_days) = match tail::read(&mut file)? {
            Tail::Record {
                head,
                retention_days,
                end,
            } => (head, end, Some(retention_days)),
            Tail::Empty => (newest_closed(path)?, 0, None),
            Tail::Damaged => {
                let suffix = format!("damaged-{}.jsonl", Timestamp::now().as_second());
                let renamed = path.with_extension(suffix);
                tracing::error!(renamed = %renamed.display(), "the audit log does not end with a record; it was renamed, and a new one is started");
                std::fs::rename(path, renamed)?;
                file = open(path)?;
                (newest_closed(path)?, 0, None)
            }
        };
        let metadata = file.metadata()?;
        // Setting the same length would change the modification time, which is that of
        // the last record.
        if metadata.len() != length {
            file.set_len(length)?;
        }
        Ok(Self {
            head,
            file,
            path: path.to_owned(),
            max_bytes: MAX_SEGMENT_BYTES,
            length,
            has_partial_record: false,
            opened: metadata.created().unwrap_or(SystemTime::now()),
            retention_days,
        })
    }

    /// Closes the segment if it is too large or too old, or if its records are kept for
    /// another time than the next one. Returns whether it was closed.
    ///
    /// # Errors
    /// When the next segment cannot be created; this one is then still written.
    pub(super) fn rotate_before(&mut self, retention_days: u64) -> std::io::Result<bool> {
        let is_other = self
            .retention_days
            .is_some_and(|days| days != retention_days);
        let closed = if is_other {
            self.close()?
        } else {
            self.rotate()?
        };
        self.retention_days = Some(retention_days);
        Ok(closed)
    }

    /// Closes the segment if it is too large or too old. Returns whether it was closed.
    ///
    /// # Errors
    /// As [`Segment::rotate_before`].
    pub(super) fn rotate(&mut self) -> std::io::Result<bool> {
        let is_due = self.length >= self.max_bytes
            || self
                .opened
                .elapsed()
                .is_ok_and(|age| age >= MAX_SEGMENT_AGE);
        if is_due { self.close() } else { Ok(false) }
    }

    /// Writes records, the last of which is `head`, and waits for the disk.
    ///
    /// # Errors
    /// When they cannot be written. None of them is then part of the log.
    pub(super) fn append(&mut self, records: &[u8], head: ChainHead) -> std::io::Result<()> {
        self.remove_partial_record()?;
        self.has_partial_record = true;
        let written = self
            .file
            .write_all(records)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            if let Err(error) = self.remove_partial_record() {
                tracing::error!(file = %self.path.display(), "cannot remove a partial audit record: {error}");
            }
            return Err(error);
        }
        self.has_partial_record = false;
        self.length += records.len() as u64;
        self.head = head;
        Ok(())
    }

    fn remove_partial_record(&mut self) -> std::io::Result<()> {
        if self.has_partial_record {
            self.file.set_len(self.length)?;
            self.has_partial_record = false;
        }
        Ok(())
    }

    fn close(&mut self) -> std::io::Result<bool> {
        if self.length == 0 {
            return Ok(false);
        }
        self.remove_partial_record()?;
        let closed = self
            .path
            .with_file_name(format!("audit-{:020}.jsonl", self.head.seq));
        if closed.try_exists()? {
            // Never replaces records, even if the numbers of a damaged log are reused.
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        std::fs::rename(&self.path, &closed)?;
        match open(&self.path) {
            Ok(file) => self.file = file,
            Err(error) => {
                std::fs::rename(&closed, &self.path)?;
                return Err(error);
            }
        }
        self.length = 0;
        self.opened = SystemTime::now();
        if let Some(dir) = self.path.parent() {
            File::open(dir)?.sync_all()?;
        }
        Ok(true)
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
///
/// # Errors
/// When the directory cannot be read.
pub(super) fn closed(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let Some(dir) = path.parent() else {
        return Ok(Vec::new());
    };
    let mut segments: Vec<PathBuf> = std::fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| last_seq(path).is_some())
        .collect();
    segments.sort();
    Ok(segments)
}

/// Returns the number in the name of a closed segment.
pub(super) fn last_seq(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let seq = name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
    let is_number = !seq.is_empty() && seq.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| seq.parse().ok()).flatten()
}

/// Returns the last record of the newest closed segment. If it is damaged, the numbers
/// continue, and the chain starts again.
fn newest_closed(path: &Path) -> std::io::Result<ChainHead> {
    let Some(newest) = closed(path)?.pop() else {
        return Ok(ChainHead::default());
    };
    Ok(match tail::read(&mut File::open(&newest)?)? {
        Tail::Record { head, .. } => head,
        Tail::Empty | Tail::Damaged => ChainHead {
            seq: last_seq(&newest).unwrap_or_default(),
            hash: String::new(),
        },
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::{ChainHead, Segment, closed};
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    /// Writes a record to the segment, or to the next one.
    pub(in crate::audit) fn append(segment: &mut Segment, retention_days: u64) {
        segment.rotate_before(retention_days).unwrap();
        let (line, head) = next(segment, retention_days);
        segment.append(line.as_bytes(), head).unwrap();
    }

    fn next(segment: &Segment, retention_days: u64) -> (String, ChainHead) {
        let seq = segment.head.seq + 1;
        let hash = format!("h{seq}");
        let line =
            format!("{{\"seq\":{seq},\"retention_days\":{retention_days},\"hash\":\"{hash}\"}}\n");
        (line, ChainHead { seq, hash })
    }

    fn head(seq: u64) -> ChainHead {
        let hash = format!("h{seq}");
        ChainHead { seq, hash }
    }

    #[test]
    fn segments_have_one_retention_and_the_chain_continues() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        append(&mut segment, 30);
        append(&mut segment, 30);
        append(&mut segment, 7);
        assert_eq!(closed(&path).unwrap().len(), 1);
        let segment = Segment::open(&path).unwrap();
        assert_eq!(segment.head, head(3));
        // SIGKILL between the steps of closing a segment.
        std::fs::remove_file(&path).unwrap();
        let segment = Segment::open(&path).unwrap();
        assert_eq!(segment.head, head(2));
    }

    #[test]
    fn a_segment_is_closed_by_size() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        segment.max_bytes = 100;
        for _ in 0..10 {
            append(&mut segment, 30);
        }
        let segments = closed(&path).unwrap();
        let texts: Vec<String> = segments
            .iter()
            .chain([&path])
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        assert!(segments.len() >= 3, "{segments:?}");
        for text in &texts {
            assert!(text.len() < 100 + 60, "at most a record more: {text}");
        }
        let seqs: Vec<String> = (1..=10).map(|seq| format!("{{\"seq\":{seq},")).collect();
        let all = texts.concat();
        assert!(
            all.lines()
                .zip(&seqs)
                .all(|(line, seq)| line.starts_with(seq))
        );
        assert_eq!(all.lines().count(), 10);
        for (segment, text) in segments.iter().zip(&texts) {
            let last = super::last_seq(segment).unwrap();
            assert!(
                text.lines()
                    .last()
                    .unwrap()
                    .starts_with(&format!("{{\"seq\":{last},"))
            );
        }
    }

    #[test]
    fn a_segment_is_closed_by_age() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        append(&mut segment, 30);
        assert!(!segment.rotate().unwrap());
        segment.opened = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
        assert!(segment.rotate().unwrap());
        assert_eq!(closed(&path).unwrap().len(), 1);
        append(&mut segment, 30);
        assert_eq!(Segment::open(&path).unwrap().head, head(2));
    }

    #[test]
    fn opening_does_not_change_the_time_of_the_last_record() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        append(&mut Segment::open(&path).unwrap(), 30);
        let time = SystemTime::now() - Duration::from_secs(60);
        let file = File::options().append(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        drop(Segment::open(&path).unwrap());
        assert_eq!(file.metadata().unwrap().modified().unwrap(), time);
    }

    #[test]
    fn numbers_continue_after_damage_and_no_segment_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        for retention_days in [7, 8, 7] {
            append(&mut segment, retention_days);
        }
        std::fs::write(&path, "nonsense\n").unwrap();
        let segment = Segment::open(&path).unwrap();
        assert_eq!(
            segment.head,
            head(2),
            "the chain continues from the closed one"
        );
        let newest = closed(&path).unwrap().pop().unwrap();
        std::fs::write(&newest, "nonsense\n").unwrap();
        let mut segment = Segment::open(&path).unwrap();
        let expected = ChainHead {
            seq: 2,
            hash: String::new(),
        };
        assert_eq!(segment.head, expected);
        append(&mut segment, 7);
        segment.head.seq = 2;
        assert!(segment.close().is_err());
        assert_eq!(std::fs::read_to_string(newest).unwrap(), "nonsense\n");
    }

    #[test]
    fn a_partial_record_is_removed_before_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        append(&mut segment, 30);
        // Neither written nor truncated.
        let read_only = File::open(&path).unwrap();
        let file = std::mem::replace(&mut segment.file, read_only);
        let (line, next_head) = next(&segment, 30);
        assert!(segment.append(line.as_bytes(), next_head.clone()).is_err());
        assert_eq!(segment.head, head(1));
        segment.file = file;
        std::io::Write::write_all(&mut segment.file, b"{\"seq\":2,").unwrap();
        segment.append(line.as_bytes(), next_head).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.ends_with(&line));
    }
}
