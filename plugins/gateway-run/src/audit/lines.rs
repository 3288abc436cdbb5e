//! Reading the lines of a file from the end, whatever its size.

use std::io::{Read, Seek, SeekFrom};

/// The number of bytes that are read at once; more for a longer line.
const BLOCK: u64 = 64 * 1024;

/// The complete lines of a file, the last one first.
pub(super) struct LinesFromEnd<F> {
    file: F,
    /// What was read and not returned, from this offset on.
    start: u64,
    bytes: Vec<u8>,
    block: u64,
}

impl<F: Read + Seek> LinesFromEnd<F> {
    /// Begins at the end of the last complete line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn new(mut file: F) -> std::io::Result<Self> {
        let start = file.seek(SeekFrom::End(0))?;
        let mut lines = Self {
            file,
            start,
            bytes: Vec::new(),
            block: BLOCK,
        };
        // What follows the last line end is still being written.
        drop(lines.next()?);
        Ok(lines)
    }

    /// Returns the line before the last one that was returned; `None` at the start.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let unsearched = self.bytes.len() - searched;
            let head = self.bytes.get(..unsearched).unwrap_or_default();
            if let Some(end) = head.iter().rposition(|byte| *byte == b'\n') {
                let line = self.bytes.split_off(end + 1);
                self.bytes.pop();
                self.block = BLOCK;
                return Ok(Some(line));
            }
            if self.start == 0 {
                let line = std::mem::take(&mut self.bytes);
                return Ok((!line.is_empty()).then_some(line));
            }
            searched = self.bytes.len();
            self.read_block()?;
        }
    }

    /// Reads what stands before. Larger blocks keep the cost of a long line linear.
    fn read_block(&mut self) -> std::io::Result<()> {
        let size = self.block.min(self.start);
        self.block = self.block.saturating_mul(2);
        self.start -= size;
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = Vec::new();
        (&mut self.file).take(size).read_to_end(&mut bytes)?;
        bytes.append(&mut self.bytes);
        self.bytes = bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::LinesFromEnd;
    use std::io::Cursor;

    fn lines(text: &str) -> Vec<String> {
        let mut lines = LinesFromEnd::new(Cursor::new(text.as_bytes())).unwrap();
        let next = || lines.next().unwrap();
        std::iter::from_fn(next)
            .map(|line| String::from_utf8(line).unwrap())
            .collect()
    }

    #[test]
    fn complete_lines_are_read_from_the_end() {
        assert_eq!(lines("a\nbb\nccc\n"), ["ccc", "bb", "a"]);
        assert_eq!(lines("a\n\nb\n"), ["b", "", "a"]);
    }

    #[test]
    fn an_incomplete_line_is_left_out() {
        assert_eq!(lines("a\nb\n{\"seq\":"), ["b", "a"]);
        assert!(lines("{\"seq\":").is_empty());
        assert!(lines("").is_empty());
    }

    #[test]
    fn lines_may_be_longer_than_a_block() {
        let long = "x".repeat(1_000_000);
        let expected = [long.clone(), "b".to_owned(), long.clone()];
        assert_eq!(lines(&format!("{long}\nb\n{long}\n{long}")), expected);
    }
}
