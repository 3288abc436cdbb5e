//! The last lines of a plugin's standard error.

use crate::logging;
use kt_plugin_api::abi::log;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::Mutex;

/// The number of lines that are kept for errors.
const KEPT: usize = 20;
/// The maximum size of a line; the rest becomes another one.
const MAX_LINE: u64 = 1024;

/// Collects standard error, and logs it.
#[derive(Default)]
pub(super) struct StderrLines(Mutex<VecDeque<String>>);

impl StderrLines {
    /// Reads to the end of the stream; `plugin` is the target of the log records.
    pub(super) fn read(&self, stream: impl Read, plugin: &str) {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut stream).take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(1..) => {}
                _ => return,
            }
            let text = printable(&line);
            logging::record(log::DEBUG, plugin, &text, "");
            if let Ok(mut lines) = self.0.lock() {
                if lines.len() == KEPT {
                    lines.pop_front();
                }
                lines.push_back(text);
            }
        }
    }

    pub(super) fn last(&self) -> Vec<String> {
        self.0
            .lock()
            .map(|lines| lines.iter().cloned().collect())
            .unwrap_or_default()
    }
}

/// Returns the line without control characters, which could change the terminal.
fn printable(line: &[u8]) -> String {
    String::from_utf8_lossy(line.trim_ascii_end())
        .chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::StderrLines;

    #[test]
    fn the_last_lines_are_kept_without_control_characters() {
        let lines = StderrLines::default();
        let text: String = (0..30).map(|n| format!("\u{1b}[2Jline {n}\n")).collect();
        lines.read(text.as_bytes(), "x");
        let last = lines.last();
        assert_eq!(last.len(), 20);
        assert_eq!(last[19], "\u{fffd}[2Jline 29");
        lines.read("y".repeat(5000).as_bytes(), "x");
        assert!(lines.last().iter().all(|line| line.len() <= 1024));
    }
}
