//! The response side of the policy chain: one filter per text.

use super::held_json::HeldJson;
use super::repeated_texts::RepeatedTexts;
use kt_policy::chat::{self, ContentFilter};
use kt_policy::{Block, Chain, Decision, Direction, Evaluation, Finding, merge_findings};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The maximum number of texts of one response that continue over several chunks.
const MAX_CHANNELS: usize = 1024;

/// The filters of one response.
pub(super) struct ResponseFilters {
    chain: Chain,
    channels: HashMap<String, ContentFilter>,
    /// Whether the caller requested JSON.
    expects_json: bool,
    /// JSON in fragments, by channel.
    held: HashMap<String, HeldJson>,
    /// The ends of complete texts, by channel.
    repeated: RepeatedTexts,
    /// Findings in complete texts.
    findings: Vec<Finding>,
}

/// Why a text is not released.
#[derive(Debug)]
pub(super) enum FilterError {
    /// A policy blocks it; nothing more of the response may be released.
    Blocked(Block),
    /// The response has too many texts, or one that must be held is too large.
    TooLarge,
    /// Two parsers could read the response differently.
    Ambiguous,
}

impl From<Block> for FilterError {
    fn from(block: Block) -> Self {
        Self::Blocked(block)
    }
}

impl ResponseFilters {
    /// Returns filters for a response; `None` if the chain does not inspect responses.
    pub(super) fn new(chain: &Chain) -> Option<Self> {
        // Guards outside of the gateway get complete values of JSON, as filters hold them.
        let inspects = chain.inspects_responses() || chain.has_guards(Direction::Response);
        inspects.then(|| Self {
            chain: chain.clone(),
            channels: HashMap::new(),
            expects_json: false,
            held: HashMap::new(),
            repeated: RepeatedTexts::default(),
            findings: Vec::new(),
        })
    }

    /// Expects the text of messages to be JSON.
    pub(super) fn expect_json(&mut self) {
        self.expects_json = true;
    }

    /// Filters a fragment, and returns the text that may be released.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn push(&mut self, channel: &str, text: &str) -> Result<String, FilterError> {
        if !self.channels.contains_key(channel) {
            self.check_capacity()?;
            let filter = ContentFilter::new(&self.chain, self.expects_json);
            self.channels.insert(channel.to_owned(), filter);
        }
        let Some(filter) = self.channels.get_mut(channel) else {
            return Ok(String::new());
        };
        let output = filter.push(text);
        Ok(output.block.map_or(Ok(output.release), Err)?)
    }

    /// Filters a fragment of JSON, and returns it once the value is complete.
    ///
    /// # Errors
    /// When a policy blocks the value.
    pub(super) fn push_json(&mut self, channel: &str, text: &str) -> Result<String, FilterError> {
        if !self.held.contains_key(channel) {
            self.check_capacity()?;
        }
        let held = self.held.entry(channel.to_owned()).or_default();
        if !held.push(text) {
            return Err(FilterError::TooLarge);
        }
        if held.is_complete() {
            self.flush(channel)
        } else {
            Ok(String::new())
        }
    }

    fn check_capacity(&self) -> Result<(), FilterError> {
        let is_full = self.channels.len() + self.held.len() >= MAX_CHANNELS;
        if is_full {
            Err(FilterError::TooLarge)
        } else {
            Ok(())
        }
    }

    /// Releases what is held back of a text.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn flush(&mut self, channel: &str) -> Result<String, FilterError> {
        if let Some(held) = self.held.get_mut(channel) {
            let (before, text) = held.take();
            return self.continued_json(before, &text);
        }
        let Some(filter) = self.channels.get_mut(channel) else {
            return Ok(String::new());
        };
        if !filter.is_holding() {
            return Ok(String::new());
        }
        let output = filter.finish();
        Ok(output.block.map_or(Ok(output.release), Err)?)
    }

    /// Whether text of a message is held back.
    pub(super) fn is_holding(&self) -> bool {
        self.channels.values().any(ContentFilter::is_holding)
    }

    /// Releases what need not wait any longer of a text, because the stream has paused.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn pause(&mut self, channel: &str) -> Result<String, FilterError> {
        let Some(filter) = self.channels.get_mut(channel) else {
            return Ok(String::new());
        };
        let output = filter.pause();
        Ok(output.block.map_or(Ok(output.release), Err)?)
    }

    /// Evaluates a text that cannot be changed.
    ///
    /// # Errors
    /// When a policy finds anything in it.
    pub(super) fn check(&self, text: &str) -> Result<(), FilterError> {
        let block = self.chain.refusal(text, Direction::Response);
        Ok(block.map_or(Ok(()), Err)?)
    }

    /// Ends the texts whose channel begins so: what follows on them is another text.
    pub(super) fn end_texts(&mut self, prefix: &str) {
        self.held.retain(|channel, _| !channel.starts_with(prefix));
        let findings = &mut self.findings;
        self.channels.retain(|channel, filter| {
            let has_ended = channel.starts_with(prefix);
            if has_ended {
                merge_findings(findings, &filter.findings());
            }
            !has_ended
        });
    }

    /// Filters the keys and numbers of an event, whose strings have been filtered; `None` if
    /// nothing changes.
    ///
    /// # Errors
    /// When a policy blocks it, or two parsers could read it differently.
    pub(super) fn keys_and_numbers(&mut self, event: &str) -> Result<Option<String>, FilterError> {
        let evaluated = chat::evaluate_keys_and_numbers(&self.chain, event)
            .map_err(|_| FilterError::Ambiguous)?;
        merge_findings(&mut self.findings, &evaluated.evaluation.findings);
        match &evaluated.evaluation.decision {
            Decision::Allow => Ok(None),
            Decision::Block(block) => Err(FilterError::Blocked(block.clone())),
            Decision::Redact => Ok(Some(evaluated.redact(event))),
        }
    }

    /// Filters a text of which a part has left: of a match in both, the rest is replaced.
    fn continued_json(&mut self, before: String, text: &str) -> Result<String, FilterError> {
        if before.is_empty() || text.is_empty() {
            return self.complete(text);
        }
        let findings = self.findings.clone();
        let sent = self.complete(&before)?;
        self.findings = findings;
        let whole = self.complete(&(before + text))?;
        let same = whole.chars().zip(sent.chars()).take_while(|(a, b)| a == b);
        let length: usize = same.map(|(c, _)| c.len_utf8()).sum();
        Ok(whole[length..].to_owned())
    }

    /// Filters a complete text of a stream, which may have more on the same channel: a value that
    /// goes on in it is replaced from there on.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn complete_of(&mut self, channel: &str, text: &str) -> Result<String, FilterError> {
        let Some(before) = self.repeated.take(channel, text) else {
            return Err(FilterError::TooLarge);
        };
        self.continued_json(before, text)
    }

    /// Filters a complete text. If it is JSON, its strings are evaluated without their escapes,
    /// and it stays valid.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn complete(&mut self, text: &str) -> Result<String, FilterError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let document = json!({ "arguments": text }).to_string();
        let evaluated =
            chat::evaluate_response(&self.chain, &document).map_err(|_| FilterError::Ambiguous)?;
        merge_findings(&mut self.findings, &evaluated.evaluation.findings);
        match &evaluated.evaluation.decision {
            Decision::Allow => Ok(text.to_owned()),
            Decision::Block(block) => Err(FilterError::Blocked(block.clone())),
            Decision::Redact => {
                let redacted: Value =
                    serde_json::from_str(&evaluated.redact(&document)).unwrap_or_default();
                let arguments = redacted.get("arguments").and_then(Value::as_str);
                Ok(arguments.unwrap_or_default().to_owned())
            }
        }
    }

    /// Returns the evaluation of the whole response.
    pub(super) fn evaluation(&self, block: Option<&Block>) -> Evaluation {
        let mut findings = self.findings.clone();
        for filter in self.channels.values() {
            merge_findings(&mut findings, &filter.findings());
        }
        let decision = match block {
            Some(block) => Decision::Block(block.clone()),
            None if findings.iter().any(Finding::is_match) => Decision::Redact,
            None => Decision::Allow,
        };
        Evaluation {
            decision,
            rewrites: Vec::new(),
            findings,
        }
    }
}
