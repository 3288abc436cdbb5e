//! The parts of a request that were judged before: a conversation sends its history with each turn.

use std::ops::Range;

use crate::chain::Chain;
use crate::json::{DocumentPart, each_part};
use crate::known_parts::{CallerScope, KnownParts, PartHash};

/// The smallest part that is remembered, in bytes: smaller ones are judged in less time than they
/// are looked up.
const LEAST: usize = 64;
/// The name of a message, which no member has.
const MESSAGE: &str = "\"message\"";

/// The messages of a request and the rest of it, by whether they are known to be harmless. The rest
/// is one part, since its keys are judged together.
#[derive(Debug, Default)]
pub struct RequestParts {
    /// Where the values stand that are known, in order.
    known: Vec<Range<usize>>,
    is_rest_known: bool,
    /// The others.
    new: Vec<NewPart>,
    new_bytes: usize,
}

#[derive(Debug)]
struct NewPart {
    hash: PartHash,
    /// The index of a message; `None` for the rest.
    message: Option<usize>,
}

impl RequestParts {
    /// Looks up the parts of a request.
    #[must_use]
    pub fn of(chain: &Chain, document: &str, caller: CallerScope) -> Self {
        let mut parts = Self {
            new_bytes: document.len(),
            ..Self::default()
        };
        if !chain.inspects_prompts() {
            return parts;
        }
        let (mut messages, mut members) = (Vec::new(), Vec::new());
        let read = each_part(document, "messages", |part, range| match part {
            DocumentPart::Item(index) => messages.push((index, range)),
            DocumentPart::Member(key) => members.push((key, range)),
        });
        if read.is_err() {
            // The evaluation says what is wrong with it.
            return parts;
        }
        let value = |range: &Range<usize>| document.get(range.clone()).unwrap_or_default();
        let known = chain.known_parts();
        let rest = members.iter().flat_map(|(key, range)| [*key, value(range)]);
        let ranges = members.iter().map(|(_, range)| range.clone()).collect();
        parts.is_rest_known = parts.look_up(known, None, known.hash(caller, rest), ranges);
        for (index, range) in messages {
            let hash = known.hash(caller, [MESSAGE, value(&range)]);
            parts.look_up(known, Some(index), hash, vec![range]);
        }
        parts.known.sort_unstable_by_key(|range| range.start);
        parts
    }

    /// Adds a part with its values; whether it is known.
    fn look_up(
        &mut self,
        known: &KnownParts,
        message: Option<usize>,
        hash: PartHash,
        values: Vec<Range<usize>>,
    ) -> bool {
        let length: usize = values.iter().map(Range::len).sum();
        if length < LEAST {
            return false;
        }
        let is_known = known.contains(hash);
        if is_known {
            self.new_bytes -= length;
            self.known.extend(values);
        } else {
            self.new.push(NewPart { hash, message });
        }
        is_known
    }

    /// The number of bytes that are judged.
    #[must_use]
    pub fn new_bytes(&self) -> usize {
        self.new_bytes
    }

    pub(super) fn known(&self) -> &[Range<usize>] {
        &self.known
    }

    /// Whether all but the messages is known.
    pub(super) fn is_rest_known(&self) -> bool {
        self.is_rest_known
    }

    /// Remembers the parts in which nothing was found.
    pub(super) fn remember(&self, known: &KnownParts, is_found_in: impl Fn(Option<usize>) -> bool) {
        for part in &self.new {
            if !is_found_in(part.message) {
                known.insert(part.hash);
            }
        }
    }
}
