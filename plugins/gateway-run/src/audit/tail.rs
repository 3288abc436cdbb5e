//! Reading the end of a segment, whatever its size.

use serde_json::Value;
use std::io::{Read, Seek, SeekFrom};

/// The number of bytes that are read first; more are read for a longer line.
const FIRST_READ: u64 = 16 * 1024;
/// The maximum length of a record. Without a limit, a damaged file could be read into
/// memory as one line.
const MAX_RECORD_BYTES: u64 = 16 * 1024 * 1024;

/// The last record of a chain; by default, that of an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChainHead {
    pub(super) seq: u64,
    pub(super) hash: String,
}

/// The end of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// There is no complete line.
    Empty,
    /// The last complete line is a record.
    Record {
        head: ChainHead,
        retention_days: u64,
        /// The offset of its end.
        end: u64,
    },
    /// The last complete line is not a record, or longer than one can be.
    Damaged,
}

/// Reads the last complete line of a file.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read(file: &mut (impl Read + Seek)) -> std::io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut size = FIRST_READ.min(length);
    loop {
        let start = length - size;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(size).read_to_end(&mut bytes)?;
        let end = bytes.iter().rposition(|b| *b == b'\n');
        let lines = bytes.get(..end.unwrap_or(0)).unwrap_or_default();
        let line_start = lines.iter().rposition(|b| *b == b'\n').map(|at| at + 1);
        match (end, line_start) {
            (None, _) if start == 0 => return Ok(Tail::Empty),
            // The line, or a part of the one behind it, is longer than what was read.
            (None, _) | (_, None) if start > 0 => {
                if size >= MAX_RECORD_BYTES {
                    return Ok(Tail::Damaged);
                }
                size = (size * 2).min(length);
            }
            (end, line_start) => {
                let line = lines.get(line_start.unwrap_or(0)..).unwrap_or_default();
                let end = start + end.map_or(0, |end| end as u64 + 1);
                return Ok(parse(line, end));
            }
        }
    }
}

fn parse(line: &[u8], end: u64) -> Tail {
    let record: Value = serde_json::from_slice(line).unwrap_or_default();
    let number = |key: &str| record.get(key).and_then(Value::as_u64);
    match (number("seq"), record.get("hash").and_then(Value::as_str)) {
        (Some(seq), Some(hash)) => Tail::Record {
            head: ChainHead {
                seq,
                hash: hash.to_owned(),
            },
            retention_days: number("retention_days").unwrap_or(u64::MAX),
            end,
        },
        _ => Tail::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::{ChainHead, MAX_RECORD_BYTES, Tail, read};
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};

    /// Counts the bytes that are read.
    struct CountingReader {
        file: File,
        count: u64,
    }

    impl Read for CountingReader {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.file.read(buffer)?;
            self.count += count as u64;
            Ok(count)
        }
    }

    impl Seek for CountingReader {
        fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
            self.file.seek(position)
        }
    }

    /// Reads the tail of a sparse file of 1 GB that ends with the text. Returns it, and
    /// the number of bytes that were read.
    fn tail_of_large_file(end: &str) -> (Tail, u64) {
        let mut file = tempfile::tempfile().unwrap();
        file.seek(SeekFrom::Start(1_000_000_000)).unwrap();
        file.write_all(end.as_bytes()).unwrap();
        let mut reader = CountingReader { file, count: 0 };
        (read(&mut reader).unwrap(), reader.count)
    }

    #[test]
    fn only_the_tail_of_a_large_file_is_read() {
        let record = "{\"seq\":7,\"retention_days\":9,\"hash\":\"h7\"}\n";
        for partial in ["", "{\"seq\":8,\"ha"] {
            let (tail, count) = tail_of_large_file(&format!("\n{record}{partial}"));
            assert!(matches!(tail, Tail::Record { head, .. } if head.seq == 7));
            assert!(count <= 16 * 1024, "{count} bytes were read");
        }
        let (tail, count) = tail_of_large_file("no line");
        assert_eq!(tail, Tail::Damaged);
        assert!(count <= 2 * MAX_RECORD_BYTES, "{count} bytes were read");
    }

    fn tail(text: &str) -> Tail {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read(&mut file).unwrap()
    }

    #[test]
    fn the_last_complete_line_counts() {
        let record = |seq: u64, padding: usize| {
            let padding = "x".repeat(padding);
            format!(
                "{{\"seq\":{seq},\"p\":\"{padding}\",\"retention_days\":9,\"hash\":\"h{seq}\"}}\n"
            )
        };
        let expected = |seq: u64, end: usize| Tail::Record {
            head: ChainHead {
                seq,
                hash: format!("h{seq}"),
            },
            retention_days: 9,
            end: end as u64,
        };
        assert_eq!(tail(""), Tail::Empty);
        assert_eq!(tail("{\"seq\":1"), Tail::Empty);
        assert_eq!(tail("garbage\n"), Tail::Damaged);
        for padding in [0, 100_000] {
            for count in [1, 3] {
                let text: String = (1..=count).map(|seq| record(seq, padding)).collect();
                assert_eq!(tail(&text), expected(count, text.len()));
                let partial = format!("{text}{{\"seq\":{}", "9".repeat(padding));
                assert_eq!(tail(&partial), expected(count, text.len()));
            }
        }
    }
}
