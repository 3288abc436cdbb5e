//! The text of a message that arrives in pieces.

use super::json_document::{JsonDocument, Outcome};
use crate::chain::{Chain, FilterOutput, Finding, StreamFilter, merge_findings};

/// Filters the text of a message as it arrives. If the text is JSON, its strings are evaluated
/// without their escapes, and it stays valid: structured output is such a text.
///
/// The released text and the block are the same however the text is split.
pub struct ContentFilter {
    chain: Chain,
    /// Whether the caller requested JSON, whose value may then be a string or a number.
    expects_json: bool,
    mode: Mode,
    /// The findings of texts that have ended.
    findings: Vec<Finding>,
}

enum Mode {
    /// Only blanks have arrived.
    Blank(StreamFilter),
    Plain(StreamFilter),
    Json(Box<JsonDocument>),
}

impl ContentFilter {
    /// Returns a filter for a text.
    #[must_use]
    pub fn new(chain: &Chain, expects_json: bool) -> Self {
        Self {
            chain: chain.clone(),
            expects_json,
            mode: Mode::Blank(chain.response_filter()),
            findings: Vec::new(),
        }
    }

    /// Takes the next piece of text and returns what can be passed on.
    pub fn push(&mut self, piece: &str) -> FilterOutput {
        let Mode::Blank(filter) = &mut self.mode else {
            return self.push_content(piece);
        };
        let content = piece.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(first) = content.chars().next() else {
            return filter.push(piece);
        };
        if !self.begins_json(first) {
            let filter = self.chain.response_filter();
            if let Mode::Blank(filter) = std::mem::replace(&mut self.mode, Mode::Plain(filter)) {
                self.mode = Mode::Plain(filter);
            }
            return self.push_content(piece);
        }
        let Mode::Blank(filter) = &mut self.mode else {
            return self.push_content(piece);
        };
        let blanks = filter.push(&piece[..piece.len() - content.len()]);
        let rest = filter.finish();
        self.mode = Mode::Json(Box::new(JsonDocument::new(&self.chain)));
        let output = self.push_content(content);
        FilterOutput {
            release: blanks.release + &rest.release + &output.release,
            block: blanks.block.or(rest.block).or(output.block),
        }
    }

    fn begins_json(&self, first: char) -> bool {
        matches!(first, '{' | '[') || (self.expects_json && matches!(first, '"' | '-' | '0'..='9'))
    }

    fn push_content(&mut self, piece: &str) -> FilterOutput {
        let document = match &mut self.mode {
            Mode::Blank(filter) | Mode::Plain(filter) => return filter.push(piece),
            Mode::Json(document) => document,
        };
        let mut release = String::new();
        let rest = match document.push(piece, &mut release) {
            Outcome::Continues => {
                return FilterOutput {
                    release,
                    block: None,
                };
            }
            Outcome::Blocked(block) => {
                let block = Some(block);
                return FilterOutput { release, block };
            }
            Outcome::NotJson(rest) => rest,
        };
        merge_findings(&mut self.findings, &document.findings());
        let mut filter = self.chain.response_filter();
        let output = filter.push(&rest);
        self.mode = Mode::Plain(filter);
        FilterOutput {
            release: release + &output.release,
            block: output.block,
        }
    }

    /// Returns what need not wait any longer, because the text has paused.
    pub fn pause(&mut self) -> FilterOutput {
        let document = match &mut self.mode {
            Mode::Blank(filter) | Mode::Plain(filter) => return filter.pause(),
            Mode::Json(document) => document,
        };
        let mut release = String::new();
        let block = document.pause(&mut release);
        FilterOutput { release, block }
    }

    /// Ends the text, or interrupts it, and returns what was held back.
    pub fn finish(&mut self) -> FilterOutput {
        let document = match &mut self.mode {
            Mode::Blank(filter) | Mode::Plain(filter) => return filter.finish(),
            Mode::Json(document) => document,
        };
        let mut release = String::new();
        let block = document.finish(&mut release);
        FilterOutput { release, block }
    }

    /// Returns what was found so far.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        match &self.mode {
            Mode::Blank(filter) | Mode::Plain(filter) => {
                merge_findings(&mut findings, filter.findings());
            }
            Mode::Json(document) => merge_findings(&mut findings, &document.findings()),
        }
        findings
    }

    /// Whether a part of the text is held back.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        match &self.mode {
            Mode::Blank(filter) | Mode::Plain(filter) => filter.held_bytes() > 0,
            Mode::Json(document) => document.is_holding(),
        }
    }
}
