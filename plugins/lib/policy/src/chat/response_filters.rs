//! The response side of the chain: one filter per text of the response.

use super::text_value::{PathSegment, TextValue};
use crate::chain::{Block, Chain, Decision, Evaluation, Finding, StreamFilter};
use std::collections::BTreeMap;

/// The filters of one response.
pub struct ResponseFilters {
    chain: Chain,
    channels: BTreeMap<String, Channel>,
}

struct Channel {
    path: Vec<PathSegment>,
    filter: StreamFilter,
}

impl ResponseFilters {
    /// Creates the filters of a response; `None` if no policy inspects responses.
    #[must_use]
    pub fn new(chain: &Chain) -> Option<Self> {
        chain.inspects_responses().then(|| Self {
            chain: chain.clone(),
            channels: BTreeMap::new(),
        })
    }

    /// Filters a piece of a text and returns what may be passed on.
    ///
    /// # Errors
    /// The block, after which nothing more of the response may be passed on.
    pub fn push(&mut self, value: &TextValue) -> Result<String, Block> {
        let chain = &self.chain;
        let channel = self
            .channels
            .entry(value.channel())
            .or_insert_with(|| Channel {
                path: value.path.clone(),
                filter: chain.response_filter(),
            });
        let output = channel.filter.push(&value.text);
        output.block.map_or(Ok(output.release), Err)
    }

    /// Ends every text whose channel begins with `prefix`, and returns what was
    /// still held back of each.
    ///
    /// # Errors
    /// As [`ResponseFilters::push`].
    pub fn finish(&mut self, prefix: &str) -> Result<Vec<(Vec<PathSegment>, String)>, Block> {
        let mut rest = Vec::new();
        for (_, channel) in self
            .channels
            .iter_mut()
            .filter(|(name, _)| name.starts_with(prefix))
        {
            let output = channel.filter.finish();
            if let Some(block) = output.block {
                return Err(block);
            }
            if !output.release.is_empty() {
                rest.push((channel.path.clone(), output.release));
            }
        }
        Ok(rest)
    }

    /// Returns the evaluation of the whole response.
    #[must_use]
    pub fn evaluation(&self, block: Option<&Block>) -> Evaluation {
        let mut findings: Vec<Finding> = Vec::new();
        for finding in self.channels.values().flat_map(|c| c.filter.findings()) {
            match findings
                .iter_mut()
                .find(|f| f.policy == finding.policy && f.kind == finding.kind)
            {
                Some(existing) => existing.count += finding.count,
                None => findings.push(finding.clone()),
            }
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
