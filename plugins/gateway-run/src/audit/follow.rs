//! Reading the records of a log as they are written, across its segments.

use super::parse::parse_record;
use super::segments;
use super::tail::{self, Tail};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Reads records that are written after it was opened.
pub(crate) struct Follower {
    path: PathBuf,
    file: Option<OpenSegment>,
    /// The number of the last record that was read.
    last_seq: u64,
}

struct OpenSegment {
    file: File,
    /// Device and inode, which do not change when the segment is renamed.
    identity: (u64, u64),
    /// The offset behind the last complete line that was read.
    offset: u64,
}

impl Follower {
    /// Begins behind the last record; the log need not exist yet.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let mut follower = Self {
            path: path.to_owned(),
            file: None,
            last_seq: 0,
        };
        let newest = segments::closed(path)?.pop();
        if let Some(newest) = newest {
            let named = segments::last_seq(&newest).unwrap_or_default();
            follower.last_seq = named;
        }
        if let Some(mut file) = OpenSegment::open(path)? {
            match tail::read(&mut file.file)? {
                Tail::Record { head, end, .. } => {
                    follower.last_seq = head.seq;
                    file.offset = end;
                }
                Tail::Empty => {}
                Tail::Damaged => file.offset = file.file.metadata()?.len(),
            }
            follower.file = Some(file);
        }
        Ok(follower)
    }

    /// Returns the number of the last record that was read.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Reads the records that were written since.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn poll(&mut self, visit: &mut dyn FnMut(Value)) -> std::io::Result<()> {
        loop {
            let last_seq = &mut self.last_seq;
            if let Some(open) = &mut self.file {
                open.read(last_seq, visit)?;
            }
            let current = OpenSegment::open(&self.path)?;
            let identity = |open: &Option<OpenSegment>| open.as_ref().map(|o| o.identity);
            // Without a file, the segment is being closed, or nothing was written yet.
            if current.is_none() || identity(&current) == identity(&self.file) {
                return Ok(());
            }
            // The segment was closed: nothing is written to it anymore.
            if let Some(open) = &mut self.file {
                open.read(last_seq, visit)?;
            }
            for closed in segments::closed(&self.path)? {
                let is_new = segments::last_seq(&closed).is_some_and(|last| last > *last_seq);
                let opened = OpenSegment::open(&closed)?.filter(|_| is_new);
                // The newest one may be closed already; it is read below.
                if let Some(mut segment) = opened.filter(|o| Some(o.identity) != identity(&current))
                {
                    segment.read(last_seq, visit)?;
                }
            }
            self.file = current;
        }
    }
}

impl OpenSegment {
    /// Opens a segment; `None` if it does not exist.
    fn open(path: &Path) -> std::io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        Ok(Some(Self {
            file,
            identity: (metadata.dev(), metadata.ino()),
            offset: 0,
        }))
    }

    /// Reads complete lines. An incomplete one is read again when more of it is written; it may
    /// also be removed.
    fn read(&mut self, last_seq: &mut u64, visit: &mut dyn FnMut(Value)) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.offset))?;
        let mut reader = BufReader::new(&self.file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let count = reader.read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                return Ok(());
            }
            self.offset += count as u64;
            let record = parse_record(&line);
            if let Some((seq, record)) = record.filter(|(seq, _)| *seq > *last_seq) {
                *last_seq = seq;
                visit(record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Follower;
    use crate::audit::segments::Segment;
    use crate::audit::segments::tests::append;
    use std::io::Write;
    use std::path::Path;

    fn poll(follower: &mut Follower) -> Vec<u64> {
        let mut seqs = Vec::new();
        let mut visit = |record: serde_json::Value| {
            seqs.extend(record["seq"].as_u64());
        };
        follower.poll(&mut visit).unwrap();
        seqs
    }

    fn write(path: &Path, text: &str) {
        let mut file = std::fs::File::options().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn records_are_followed_across_segments() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        append(&mut segment, 30);
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!((follower.last_seq(), poll(&mut follower)), (1, vec![]));
        append(&mut segment, 30);
        assert_eq!(poll(&mut follower), [2]);
        // Three segments are closed between two polls.
        for retention_days in [30, 7, 30, 7, 7] {
            append(&mut segment, retention_days);
        }
        assert_eq!(poll(&mut follower), [3, 4, 5, 6, 7]);
        assert_eq!(poll(&mut follower), [0; 0]);
    }

    #[test]
    fn a_follower_begins_behind_closed_segments() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        append(&mut segment, 30);
        append(&mut segment, 7);
        std::fs::write(&path, "").unwrap();
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!((follower.last_seq(), poll(&mut follower)), (1, vec![]));
        write(&path, "{\"seq\":2}\n");
        assert_eq!(poll(&mut follower), [2]);
    }

    #[test]
    fn a_log_that_does_not_exist_yet_is_followed_from_its_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!(poll(&mut follower), [0; 0]);
        append(&mut Segment::open(&path).unwrap(), 30);
        assert_eq!(poll(&mut follower), [1]);
    }

    #[test]
    fn incomplete_lines_are_read_when_they_are_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        append(&mut Segment::open(&path).unwrap(), 30);
        write(&path, "{\"seq\":2,");
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!(poll(&mut follower), [0; 0]);
        write(&path, "\"a\":1}\n{\"se");
        assert_eq!(poll(&mut follower), [2]);
        // A gateway that starts after a kill removes the rest, and writes another record.
        let length = std::fs::metadata(&path).unwrap().len() - 4;
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(length).unwrap();
        assert_eq!(poll(&mut follower), [0; 0]);
        write(&path, "nonsense\n{\"seq\":3}\n");
        assert_eq!(poll(&mut follower), [3]);
    }
}
