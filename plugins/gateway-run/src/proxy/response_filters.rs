//! The response side of the policy chain: one filter per text.

use kt_policy::{Block, Chain, Decision, Evaluation, Finding, StreamFilter};
use std::collections::HashMap;

/// The maximum number of texts of one response that continue over several chunks.
const MAX_CHANNELS: usize = 1024;

/// The filters of one response.
pub(super) struct ResponseFilters {
    chain: Chain,
    channels: HashMap<String, StreamFilter>,
    /// Findings in complete texts.
    findings: Vec<Finding>,
}

/// Why a text is not released.
#[derive(Debug)]
pub(super) enum FilterError {
    /// A policy blocks it; nothing more of the response may be released.
    Blocked(Block),
    /// The response has too many texts.
    TooManyChannels,
}

impl From<Block> for FilterError {
    fn from(block: Block) -> Self {
        Self::Blocked(block)
    }
}

impl ResponseFilters {
    /// Returns filters for a response; `None` if the chain does not inspect responses.
    pub(super) fn new(chain: &Chain) -> Option<Self> {
        chain.inspects_responses().then(|| Self {
            chain: chain.clone(),
            channels: HashMap::new(),
            findings: Vec::new(),
        })
    }

    /// Filters a fragment, and returns the text that may be released.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn push(&mut self, channel: &str, text: &str) -> Result<String, FilterError> {
        if !self.channels.contains_key(channel) {
            if self.channels.len() >= MAX_CHANNELS {
                return Err(FilterError::TooManyChannels);
            }
            let filter = self.chain.response_filter();
            self.channels.insert(channel.to_owned(), filter);
        }
        let Some(filter) = self.channels.get_mut(channel) else {
            return Ok(String::new());
        };
        let output = filter.push(text);
        Ok(output.block.map_or(Ok(output.release), Err)?)
    }

    /// Releases what is held back of a text.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn flush(&mut self, channel: &str) -> Result<String, FilterError> {
        let Some(filter) = self.channels.get_mut(channel) else {
            return Ok(String::new());
        };
        if filter.held_bytes() == 0 {
            return Ok(String::new());
        }
        let output = filter.finish();
        Ok(output.block.map_or(Ok(output.release), Err)?)
    }

    /// Filters a complete text.
    ///
    /// # Errors
    /// When a policy blocks the text.
    pub(super) fn complete(&mut self, text: &str) -> Result<String, FilterError> {
        let mut filter = self.chain.response_filter();
        let mut released = filter.push(text);
        if released.block.is_none() {
            let rest = filter.finish();
            released.release.push_str(&rest.release);
            released.block = rest.block;
        }
        add(&mut self.findings, filter.findings());
        Ok(released.block.map_or(Ok(released.release), Err)?)
    }

    /// Returns the evaluation of the whole response.
    pub(super) fn evaluation(&self, block: Option<&Block>) -> Evaluation {
        let mut findings = self.findings.clone();
        for filter in self.channels.values() {
            add(&mut findings, filter.findings());
        }
        let decision = match block {
            Some(block) => Decision::Block(block.clone()),
            None if findings.is_empty() => Decision::Allow,
            None => Decision::Redact,
        };
        Evaluation {
            decision,
            rewrites: Vec::new(),
            findings,
        }
    }
}

fn add(findings: &mut Vec<Finding>, more: &[Finding]) {
    for finding in more {
        let same = |f: &&mut Finding| f.policy == finding.policy && f.kind == finding.kind;
        match findings.iter_mut().find(same) {
            Some(known) => known.count += finding.count,
            None => findings.push(finding.clone()),
        }
    }
}
