//! Numbers and keys of JSON that arrives in pieces, which are evaluated when they are complete.

use std::collections::HashMap;

use super::units::MIN_NUMBER;
use crate::chain::{Block, Chain, Finding, Replacement, merge_findings};
use crate::json::{Edit, apply_edits, escape, is_number, unescape};

/// The filter of the numbers and keys of a document.
pub(super) struct ScalarFilter {
    chain: Chain,
    /// How often each redacted key has occurred, to keep them unique.
    redacted_keys: HashMap<String, usize>,
    pub(super) findings: Vec<Finding>,
}

impl ScalarFilter {
    pub(super) fn new(chain: &Chain) -> Self {
        Self {
            chain: chain.clone(),
            redacted_keys: HashMap::new(),
            findings: Vec::new(),
        }
    }

    /// Releases a number, with the blanks after it, that is the value of a key.
    pub(super) fn release_number(
        &mut self,
        text: &str,
        label: &str,
        out: &mut String,
    ) -> Result<(), Block> {
        let number = text.trim_end();
        if number.len() < MIN_NUMBER {
            out.push_str(text);
            return Ok(());
        }
        if !is_number(number) {
            return self.release_plain(text, out);
        }
        let mut filter = self.chain.labeled_filter(label);
        let output = filter.push_spans(number, true);
        merge_findings(&mut self.findings, filter.findings());
        if let Some(block) = output.block {
            return Err(block);
        }
        match output.spans.first() {
            Some(replacement) => {
                out.push_str(&replacement.number());
                out.push_str(&text[number.len()..]);
            }
            None => out.push_str(text),
        }
        Ok(())
    }

    /// Releases a text that is not JSON.
    pub(super) fn release_plain(&mut self, text: &str, out: &mut String) -> Result<(), Block> {
        let mut filter = self.chain.response_filter();
        let first = filter.push(text);
        let rest = filter.finish();
        merge_findings(&mut self.findings, filter.findings());
        out.push_str(&first.release);
        out.push_str(&rest.release);
        first.block.or(rest.block).map_or(Ok(()), Err)
    }

    /// Releases a key; one that is redacted stays different from the others.
    pub(super) fn release_key(&mut self, raw: &str, out: &mut String) -> Result<(), Block> {
        let (text, map) = unescape(raw);
        let mut filter = self.chain.response_filter();
        let mut output = filter.push_spans(&text, true);
        merge_findings(&mut self.findings, filter.findings());
        if let Some(block) = output.block {
            return Err(block);
        }
        if output.spans.is_empty() {
            out.push_str(raw);
            return Ok(());
        }
        let redact = |spans: &[Replacement]| {
            let edits = spans.iter().map(|span| Edit {
                range: map.range(span.range.clone()),
                text: escape(&span.marker),
            });
            apply_edits(raw, edits.collect())
        };
        let key = redact(&output.spans);
        let count = self.redacted_keys.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 {
            out.push_str(&key);
            return Ok(());
        }
        if let Some(first) = output.spans.first_mut() {
            first.marker = format!("{}_{count}", first.marker);
        }
        out.push_str(&redact(&output.spans));
        Ok(())
    }
}
