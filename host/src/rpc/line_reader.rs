//! Reads lines of a limited size.

use super::MAX_LINE;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result};

/// Reads one line at a time into a buffer that is reused.
pub(crate) struct LineReader<R> {
    input: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> LineReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, input),
            line: Vec::new(),
        }
    }

    /// Returns the next line that is not blank, without its end; `None` at the end of
    /// the stream. A last line without a line feed is complete as well.
    ///
    /// # Errors
    /// `InvalidData` for a line that is longer than [`MAX_LINE`].
    pub(crate) fn next_line(&mut self) -> Result<Option<&[u8]>> {
        loop {
            self.line.clear();
            let limit = MAX_LINE as u64 + 1;
            let read = (&mut self.input)
                .take(limit)
                .read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            if self.line.len() > MAX_LINE {
                return Err(Error::new(ErrorKind::InvalidData, "the line is too long"));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(self.line.trim_ascii()))
    }
}

#[cfg(test)]
mod tests {
    use super::LineReader;

    #[test]
    fn blank_lines_are_skipped_and_the_last_needs_no_line_feed() {
        let mut reader = LineReader::new(&b"one\r\n\n  \ntwo"[..]);
        assert_eq!(reader.next_line().unwrap(), Some(&b"one"[..]));
        assert_eq!(reader.next_line().unwrap(), Some(&b"two"[..]));
        assert_eq!(reader.next_line().unwrap(), None);
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let mut reader = LineReader::new(std::io::repeat(b'x'));
        assert!(reader.next_line().is_err());
    }
}
