//! Reading the records of a log, the newest first.

use super::lines::LinesFromEnd;
use super::parse::parse_record;
use super::segments;
use serde_json::Value;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

/// Reads the records of all segments, the newest first, until `visit` breaks. Lines that are not
/// records are left out. Segments whose last record is older than `since` are not read.
///
/// # Errors
/// When a segment cannot be read.
pub(crate) fn records_from_newest(
    path: &Path,
    since: Option<SystemTime>,
    visit: &mut dyn FnMut(u64, Value) -> ControlFlow<()>,
) -> std::io::Result<()> {
    // Opened before the others are listed: one that is closed in between is read twice, and its
    // records are skipped, rather than not at all.
    let mut current = open(path)?;
    let mut closed = segments::closed(path)?;
    let mut next_seq = u64::MAX;
    loop {
        let file = match current.take() {
            Some(file) => file,
            None => match closed.pop() {
                None => return Ok(()),
                Some(segment) => match open(&segment)? {
                    Some(file) => file,
                    None => continue,
                },
            },
        };
        // The time of the last record: nothing else changes a segment.
        let modified = file.metadata()?.modified()?;
        if since.is_some_and(|since| modified < since) {
            return Ok(());
        }
        let mut lines = LinesFromEnd::new(file)?;
        while let Some(line) = lines.next()? {
            let record = parse_record(&line);
            let Some((seq, record)) = record.filter(|(seq, _)| *seq < next_seq) else {
                continue;
            };
            next_seq = seq;
            if visit(seq, record).is_break() {
                return Ok(());
            }
        }
    }
}

/// Opens a segment; `None` if retention has removed it, or if there is none yet.
fn open(path: &Path) -> std::io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::records_from_newest;
    use crate::audit::segments::tests::append;
    use crate::audit::segments::{Segment, closed};
    use std::fs::File;
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    fn seqs(path: &Path, since: Option<SystemTime>, limit: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        let mut visit = |seq, _| {
            seqs.push(seq);
            if seqs.len() < limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        records_from_newest(path, since, &mut visit).unwrap();
        seqs
    }

    #[test]
    fn all_segments_are_read_from_the_newest_record() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let mut segment = Segment::open(&path).unwrap();
        for retention_days in [30, 30, 7, 7, 30] {
            append(&mut segment, retention_days);
        }
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("nonsense\n{\"seq\":6}\n{\"seq\":7");
        std::fs::write(&path, text).unwrap();
        assert_eq!(seqs(&path, None, 9), [6, 5, 4, 3, 2, 1]);
        assert_eq!(seqs(&path, None, 3), [6, 5, 4]);
        let old = &closed(&path).unwrap()[0];
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        let file = File::options().append(true).open(old).unwrap();
        file.set_modified(hour_ago).unwrap();
        let since = hour_ago + Duration::from_secs(60);
        assert_eq!(seqs(&path, Some(since), 9), [6, 5, 4, 3]);
    }

    #[test]
    fn a_log_without_records_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        assert!(seqs(&path, None, 9).is_empty());
        std::fs::write(&path, "").unwrap();
        assert!(seqs(&path, None, 9).is_empty());
    }
}
