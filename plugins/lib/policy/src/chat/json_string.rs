//! A string of JSON that arrives in pieces, evaluated without its escapes.

use std::collections::VecDeque;

use crate::chain::{Block, Chain, FilterSpans, Finding, StreamFilter};
use crate::json::{escape, unescape};

/// The length of an escape of one UTF-16 unit, `\uXXXX`.
const UNIT_ESCAPE: usize = 6;

/// What a character does to a string.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StringStep {
    Continues,
    /// It was the quote that ends the string.
    Ends,
    /// It does not belong to a string of JSON.
    Invalid,
}

/// The inside of a string.
pub(super) struct StringFilter {
    filter: StreamFilter,
    /// Decoded text that the filter has not received.
    decoded: String,
    /// The encoded text that is not decided.
    raw: String,
    /// The parts of `raw`, without an incomplete escape at its end.
    runs: VecDeque<Run>,
    /// The offset of the first undecided byte in the whole decoded text.
    at: usize,
    /// An escape that is not complete.
    escape: String,
    /// How much of it was released when the text was interrupted.
    escape_released: usize,
}

/// A part of a string.
struct Run {
    decoded: usize,
    raw: usize,
}

impl Run {
    /// Whether it is text without escapes, which can be divided.
    fn is_verbatim(&self) -> bool {
        self.decoded == self.raw
    }
}

impl StringFilter {
    /// Returns the filter of a string that is the value of a key.
    pub(super) fn new(chain: &Chain, label: &str) -> Self {
        Self {
            filter: chain.labeled_filter(label),
            decoded: String::new(),
            raw: String::new(),
            runs: VecDeque::new(),
            at: 0,
            escape: String::new(),
            escape_released: 0,
        }
    }

    /// Takes a character.
    pub(super) fn push(&mut self, c: char) -> StringStep {
        if self.escape.is_empty() {
            return match c {
                '"' => StringStep::Ends,
                '\\' => {
                    self.escape.push(c);
                    StringStep::Continues
                }
                c => {
                    self.push_verbatim(c);
                    StringStep::Continues
                }
            };
        }
        self.push_escape(c)
    }

    fn push_verbatim(&mut self, c: char) {
        let length = c.len_utf8();
        self.raw.push(c);
        self.decoded.push(c);
        match self.runs.back_mut().filter(|run| run.is_verbatim()) {
            Some(run) => {
                run.decoded += length;
                run.raw += length;
            }
            None => self.runs.push_back(Run {
                decoded: length,
                raw: length,
            }),
        }
    }

    fn push_escape(&mut self, c: char) -> StringStep {
        match self.escape.len() {
            // A surrogate waits for the other half of its pair.
            UNIT_ESCAPE if c != '\\' => {
                self.end_escape();
                return self.push(c);
            }
            UNIT_ESCAPE => {}
            length if length == UNIT_ESCAPE + 1 && c != 'u' => {
                self.escape.truncate(UNIT_ESCAPE);
                self.end_escape();
                self.escape.push('\\');
                return self.push_escape(c);
            }
            1 => match c {
                'u' => {}
                '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
                    self.escape.push(c);
                    self.end_escape();
                    return StringStep::Continues;
                }
                _ => return StringStep::Invalid,
            },
            length if length == UNIT_ESCAPE + 1 => {}
            _ if c.is_ascii_hexdigit() => {}
            _ => return StringStep::Invalid,
        }
        self.escape.push(c);
        if self.escape.len() == UNIT_ESCAPE && !is_high_surrogate(&self.escape) {
            self.end_escape();
        } else if self.escape.len() == 2 * UNIT_ESCAPE {
            self.end_pair();
        }
        StringStep::Continues
    }

    /// Ends two escapes: a pair of surrogates, or two characters.
    fn end_pair(&mut self) {
        let (text, _) = unescape(&self.escape);
        if text.chars().count() == 1 {
            self.end_escape();
            return;
        }
        let second = self.escape.split_off(UNIT_ESCAPE);
        self.end_escape();
        let is_open = is_high_surrogate(&second);
        self.escape = second;
        if !is_open {
            self.end_escape();
        }
    }

    fn end_escape(&mut self) {
        let encoded = std::mem::take(&mut self.escape);
        let (text, _) = unescape(&encoded);
        let released = self.escape_released.min(encoded.len());
        self.escape_released -= released;
        let raw = &encoded[released..];
        self.runs.push_back(Run {
            decoded: text.len(),
            raw: raw.len(),
        });
        self.decoded.push_str(&text);
        self.raw.push_str(raw);
    }

    /// Appends what is decided to `out`; `complete` says that everything is.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn release(&mut self, complete: bool, out: &mut String) -> Result<(), Block> {
        if complete && self.escape.len() >= UNIT_ESCAPE {
            let rest = self.escape.split_off(UNIT_ESCAPE);
            self.end_escape();
            self.escape = rest;
        }
        let decoded = std::mem::take(&mut self.decoded);
        let output = self.filter.push_spans(&decoded, complete);
        self.release_spans(output, out)?;
        if complete {
            out.push_str(&self.escape[self.escape_released..]);
            self.escape_released = self.escape.len();
        }
        Ok(())
    }

    /// Appends what need not wait any longer to `out`, because the text has paused.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn pause(&mut self, out: &mut String) -> Result<(), Block> {
        let output = self.filter.pause_spans();
        self.release_spans(output, out)
    }

    fn release_spans(&mut self, output: FilterSpans, out: &mut String) -> Result<(), Block> {
        if let Some(block) = output.block {
            return Err(block);
        }
        let mut taken = 0;
        for span in output.spans {
            let before = self.take(span.range.start);
            out.push_str(&self.raw[taken..taken + before]);
            out.push_str(&escape(&span.marker));
            taken += before;
            taken += self.take(span.range.end);
        }
        let rest = self.take(output.decided);
        out.push_str(&self.raw[taken..taken + rest]);
        self.raw.drain(..taken + rest);
        Ok(())
    }

    /// Removes the runs before a decoded offset, and returns their encoded length.
    fn take(&mut self, to: usize) -> usize {
        let mut length = 0;
        while self.at < to
            && let Some(run) = self.runs.front_mut()
        {
            let wanted = to - self.at;
            if run.is_verbatim() && run.decoded > wanted {
                run.decoded -= wanted;
                run.raw -= wanted;
                self.at += wanted;
                return length + wanted;
            }
            self.at += run.decoded;
            length += run.raw;
            self.runs.pop_front();
        }
        length
    }

    /// Returns the encoded text that is held back.
    pub(super) fn into_held(self) -> String {
        self.raw + &self.escape[self.escape_released..]
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.raw.is_empty() || self.escape.len() > self.escape_released
    }

    pub(super) fn findings(&self) -> &[Finding] {
        self.filter.findings()
    }
}

/// Whether an escape is the first half of a pair of surrogates, or the second of none.
fn is_high_surrogate(escape: &str) -> bool {
    let unit = escape.get(2..).unwrap_or_default();
    u16::from_str_radix(unit, 16).is_ok_and(|unit| (0xd800..0xdc00).contains(&unit))
}
