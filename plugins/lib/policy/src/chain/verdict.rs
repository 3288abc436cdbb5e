//! What guards answer, and what follows from it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::action::NumberRedaction;
use super::evaluation::{
    Block, Decision, Evaluation, Finding, MarkerKind, Replacement, Rewrite, count,
};
use super::guard::{Direction, FailMode, Guard, GuardAction};
use crate::model::intern;

/// The most spans of one answer.
const MAX_SPANS: usize = 10_000;
/// The most different labels of one answer that are findings of their own.
const MAX_LABELS: usize = 32;
/// The longest label or reason.
const MAX_WORD: usize = 64;
/// The most words that are kept; further ones are findings of one kind.
const MAX_WORDS: usize = 4096;
/// The label of spans whose own is none.
const LABEL: &str = "REDACTED";
/// The kind of the finding of a block whose reason is none.
const BLOCKED: &str = "blocked";

/// A part of a text, in characters (Unicode code points).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first character.
    pub start: usize,
    /// The one behind the last.
    pub end: usize,
    /// What it is, such as `PERSON`.
    pub label: String,
}

/// What a guard answers on one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardVerdict {
    /// The text passes.
    Allow,
    /// Parts of it are to be redacted.
    Redact(Vec<Span>),
    /// It is to be blocked, for this reason.
    Block(String),
}

/// What a guard finds in one text: parts of it in bytes, in order, and why it is to be blocked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// The parts, which do not overlap.
    pub spans: Vec<(Range<usize>, String)>,
    /// The reason.
    pub block: Option<String>,
}

/// Why there is no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardFailure {
    /// There was no answer in time.
    Timeout,
    /// Too many texts wait for this guard.
    Overloaded,
    /// The guard reported an error, or is not available.
    Unavailable,
    /// The answer is not valid.
    InvalidAnswer,
}

impl GuardFailure {
    /// The kind of the finding.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::InvalidAnswer => "invalid-answer",
        }
    }
}

/// What a guard says of the texts of a request or a response, by index; or why it says nothing.
pub type Judgment = Result<Vec<Judged>, GuardFailure>;

/// Checks an answer, whose verdicts have the index of their text. Texts without a verdict pass.
///
/// # Errors
/// A message, when the answer is not one on these texts.
pub fn resolve_verdicts(
    texts: &[&str],
    verdicts: Vec<(usize, GuardVerdict)>,
) -> Result<Vec<Judged>, String> {
    let mut judged = vec![Judged::default(); texts.len()];
    let mut seen = vec![false; texts.len()];
    let mut count = 0;
    let mut labels = BTreeSet::new();
    for (index, verdict) in verdicts {
        let (Some(text), Some(seen)) = (texts.get(index), seen.get_mut(index)) else {
            return Err(format!("there is no text {index}"));
        };
        if std::mem::replace(seen, true) {
            return Err(format!("there are two verdicts on text {index}"));
        }
        match verdict {
            GuardVerdict::Allow => {}
            GuardVerdict::Block(reason) => judged[index].block = Some(reason_of(reason)),
            GuardVerdict::Redact(spans) => {
                count += spans.len();
                if count > MAX_SPANS {
                    return Err(format!("there are more than {MAX_SPANS} spans"));
                }
                judged[index].spans = byte_spans(text, spans, &mut labels)
                    .map_err(|error| format!("text {index}: {error}"))?;
            }
        }
    }
    Ok(judged)
}

/// Converts spans to bytes, and joins those that overlap: the label is that of the first.
fn byte_spans(
    text: &str,
    mut spans: Vec<Span>,
    labels: &mut BTreeSet<String>,
) -> Result<Vec<(Range<usize>, String)>, String> {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if span.start >= span.end {
            return Err(format!("the span {}..{} is empty", span.start, span.end));
        }
        match joined.last_mut().filter(|last| span.start < last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => joined.push(span),
        }
    }
    let mut offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut next = 0;
    let mut byte_of = |character: usize| {
        let at = offsets.nth(character - next);
        // A number of a guard, however large.
        next = character.saturating_add(1);
        at.ok_or_else(|| "a span ends behind the text".to_owned())
    };
    let mut found = Vec::with_capacity(joined.len());
    let mut previous: Option<(usize, usize)> = None;
    for span in joined {
        // A span may begin where the one before it ends, and that offset is taken.
        let start = match previous {
            Some((end, at)) if end == span.start => at,
            _ => byte_of(span.start)?,
        };
        let end = byte_of(span.end)?;
        previous = Some((span.end, end));
        found.push((start..end, label_of(span.label, labels)));
    }
    Ok(found)
}

/// Returns a label as markers have it. Whatever a guard invents, the labels of one answer are few.
fn label_of(label: String, labels: &mut BTreeSet<String>) -> String {
    let letter = |c: char| match c {
        'a'..='z' => Some(c.to_ascii_uppercase()),
        'A'..='Z' | '0'..='9' | '_' => Some(c),
        '-' | ' ' => Some('_'),
        _ => None,
    };
    let plain: Option<String> = label.chars().map(letter).collect();
    let plain = plain.filter(|label| !label.is_empty() && label.len() <= MAX_WORD);
    let Some(plain) = plain else {
        return LABEL.to_owned();
    };
    if !labels.contains(&plain) && labels.len() >= MAX_LABELS {
        return LABEL.to_owned();
    }
    labels.insert(plain.clone());
    plain
}

/// Returns a reason as records have it: one word, never a text that could quote the caller's.
fn reason_of(reason: String) -> String {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    let is_word = !reason.is_empty() && reason.len() <= MAX_WORD && reason.bytes().all(allowed);
    if is_word { reason } else { BLOCKED.to_owned() }
}

/// Returns the evaluation of texts by guards, in the order of the chain, with the rewrites of
/// texts in which something is redacted.
#[must_use]
pub fn evaluate_judgments(
    texts: &[&str],
    direction: Direction,
    judgments: &[(&Guard, &Judgment)],
) -> Evaluation {
    let mut findings = Vec::new();
    let mut refusal: Option<Block> = None;
    let mut spans: Vec<Vec<(Range<usize>, String)>> = vec![Vec::new(); texts.len()];
    for (guard, judgment) in judgments {
        let blocks = match judgment {
            Err(failure) => {
                count(&mut findings, guard.policy, failure.as_str(), None);
                guard.fail_mode == FailMode::Closed && guard.action != GuardAction::Log
            }
            Ok(judged) => take(guard, judged, &mut findings, &mut spans),
        };
        if blocks && refusal.is_none() {
            refusal = Some(guard.block(direction));
        }
    }
    let decision = match refusal {
        Some(block) => Decision::Block(block),
        None if spans.iter().all(Vec::is_empty) => Decision::Allow,
        None => Decision::Redact,
    };
    // Only the values of a request are all known: those of a stream arrive one by one.
    let kind = match direction {
        Direction::Request => MarkerKind::Numbered,
        Direction::Response => MarkerKind::Plain,
    };
    let mut rewrites = Vec::new();
    if decision == Decision::Redact {
        let changed = spans.into_iter().enumerate();
        rewrites.extend(
            changed
                .filter(|(_, spans)| !spans.is_empty())
                .map(|(index, spans)| rewrite(index, texts[index], spans, kind)),
        );
    }
    Evaluation {
        decision,
        rewrites,
        findings,
    }
}

/// Returns the kind of a finding, which guards name as they like.
fn word(name: &str) -> &'static str {
    intern(name, MAX_WORDS).unwrap_or("other")
}

/// Takes what a guard found; whether it blocks.
fn take(
    guard: &Guard,
    judged: &[Judged],
    findings: &mut Vec<Finding>,
    spans: &mut [Vec<(Range<usize>, String)>],
) -> bool {
    let mut blocks = false;
    for (judged, spans) in judged.iter().zip(spans) {
        if let Some(reason) = &judged.block {
            count(findings, guard.policy, word(reason), None);
            blocks |= guard.action != GuardAction::Log;
        }
        for (range, label) in &judged.spans {
            let kind = label.to_ascii_lowercase().replace('_', "-");
            count(findings, guard.policy, word(&kind), None);
            match guard.action {
                GuardAction::Redact => spans.push((range.clone(), label.clone())),
                GuardAction::Block => blocks = true,
                GuardAction::Log => {}
            }
        }
    }
    blocks
}

/// Returns a text with the spans of all guards replaced.
fn rewrite(
    index: usize,
    text: &str,
    mut spans: Vec<(Range<usize>, String)>,
    kind: MarkerKind,
) -> Rewrite {
    spans.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut replaced: Vec<Replacement> = Vec::with_capacity(spans.len());
    for (range, label) in spans {
        match replaced
            .last_mut()
            .filter(|last| range.start < last.range.end)
        {
            Some(last) => last.range.end = last.range.end.max(range.end),
            None => replaced.push(Replacement {
                range,
                marker: format!("[{label}]"),
                numbers: NumberRedaction::Marker,
                kind,
            }),
        }
    }
    let mut new = String::with_capacity(text.len());
    let mut position = 0;
    for replacement in &replaced {
        new.push_str(&text[position..replacement.range.start]);
        new.push_str(&replacement.marker);
        position = replacement.range.end;
    }
    new.push_str(&text[position..]);
    Rewrite {
        index,
        text: new,
        spans: replaced,
    }
}

impl Guard {
    /// Returns its refusal.
    pub(crate) fn block(&self, direction: Direction) -> Block {
        Block {
            policy: self.policy,
            code: match direction {
                Direction::Request => "input_blocked",
                Direction::Response => "output_blocked",
            },
            message: self.message.clone(),
            reason: self.reason,
        }
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
