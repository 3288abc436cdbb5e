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

/// The messages and the other members of a request, by whether they are known to be harmless.
#[derive(Debug, Default)]
pub struct RequestParts {
    /// Where the values stand that are known, in order.
    known: Vec<Range<usize>>,
    /// The others.
    new: Vec<NewPart>,
    new_bytes: usize,
}

#[derive(Debug)]
struct NewPart {
    hash: PartHash,
    /// The index of a message.
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
        let known_parts = chain.known_parts();
        let read = each_part(document, "messages", |part, range| {
            let value = document.get(range.clone()).unwrap_or_default();
            if value.len() < LEAST {
                return;
            }
            let (name, message) = match part {
                DocumentPart::Member(key) => (key, None),
                DocumentPart::Item(index) => (MESSAGE, Some(index)),
            };
            let hash = known_parts.hash(caller, name, value);
            if known_parts.contains(hash) {
                parts.new_bytes -= value.len();
                parts.known.push(range);
            } else {
                parts.new.push(NewPart { hash, message });
            }
        });
        match read {
            Ok(()) => parts,
            // The evaluation says what is wrong with it.
            Err(_) => Self {
                new_bytes: document.len(),
                ..Self::default()
            },
        }
    }

    /// The number of bytes that are judged.
    #[must_use]
    pub fn new_bytes(&self) -> usize {
        self.new_bytes
    }

    pub(super) fn known(&self) -> &[Range<usize>] {
        &self.known
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
