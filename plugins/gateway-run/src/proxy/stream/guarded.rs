//! The events of a stream that guards outside of the gateway judge.
//!
//! Events are held in their order until everything in them is judged. Fragments of a text are
//! judged in windows, with some of the text before them and without the last characters, which
//! are judged again with what follows. Complete texts are judged by themselves.

use super::super::error_response::ErrorResponse;
use super::super::json_edit;
use super::super::json_text;
use super::super::request_context::RequestContext;
use super::super::text_field::{FieldKind, TextField, text_fields};
use super::chunk::write_event;
use super::judged_text::JudgedText;
use super::sse::{SseItem, SseParser};
use crate::guard::{JudgeContext, judge};
use crate::snapshot::Snapshot;
use kt_policy::chat::{evaluate_guards, guard_texts};
use kt_policy::{
    Block, Decision, Direction, Evaluation, Finding, Guard, GuardText, Judged, Judgment,
    Replacement, Rewrite, evaluate_judgments, merge_findings,
};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// Held bytes from which a window is judged, however few characters of text it has.
const MAX_WINDOW_BYTES: usize = 256 * 1024;
/// The windows that may wait for the end of what a guard has found.
const MAX_WINDOWS: usize = 8;
/// The maximum size of what is held.
const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// The guards of a stream, and the events that wait for them.
pub(super) struct GuardedEvents {
    snapshot: Arc<Snapshot>,
    context: JudgeContext,
    guards: Vec<usize>,
    /// Characters of text that are judged together.
    window: usize,
    parser: SseParser,
    held: VecDeque<HeldEvent>,
    held_bytes: usize,
    texts: HashMap<String, JudgedText>,
    findings: Vec<Finding>,
    redacts: bool,
}

/// An event that waits.
struct HeldEvent {
    /// `None` for a comment.
    data: Option<String>,
    parts: Vec<Part>,
}

/// A text of an event.
struct Part {
    field: TextField,
    state: PartState,
}

enum PartState {
    /// These bytes of the text of a channel.
    Fragment(String, Range<usize>),
    /// A complete text, as a document that has it.
    Complete(String),
    /// As it is to be sent.
    Decided(String),
}

/// Why nothing more is sent.
pub(super) enum GuardedError {
    Blocked(Block),
    /// The stream is malformed, or too much must be held.
    Failed(&'static str),
}

/// What a question is about: the number of its texts, in order.
struct Question {
    texts: Vec<GuardText>,
    channels: Vec<String>,
    /// The event, the part, and the number of texts in it.
    documents: Vec<(usize, usize, usize)>,
}

impl GuardedEvents {
    /// Returns the guards of a stream; `None` if no guard judges responses.
    pub(super) fn new(context: &RequestContext) -> Option<Self> {
        let snapshot = Arc::clone(&context.snapshot);
        let guards = snapshot.chain.guards().iter().enumerate();
        let guards = guards.filter(|(_, guard)| guard.judges(Direction::Response));
        let (guards, windows): (Vec<usize>, Vec<usize>) =
            guards.map(|(index, guard)| (index, guard.window)).unzip();
        let window = windows.into_iter().max()?;
        Some(Self {
            context: context.judge_context(Direction::Response),
            snapshot,
            guards,
            window,
            parser: SseParser::default(),
            held: VecDeque::new(),
            held_bytes: 0,
            texts: HashMap::new(),
            findings: Vec::new(),
            redacts: false,
        })
    }

    /// The characters at the end of a window that are judged again, and as many before it.
    fn overlap(&self) -> usize {
        self.window / 4
    }

    /// Takes events as they would be sent.
    ///
    /// # Errors
    /// When too much is held.
    pub(super) fn push(&mut self, events: &[u8]) -> Result<(), GuardedError> {
        let items = self.parser.push(events).map_err(GuardedError::Failed)?;
        for item in items {
            match item {
                SseItem::Comment => self.held.push_back(HeldEvent {
                    data: None,
                    parts: Vec::new(),
                }),
                SseItem::Event(data) => self.hold(data),
            }
        }
        if self.held_bytes > MAX_HELD_BYTES {
            return Err(GuardedError::Failed(
                "the response of the upstream is too large",
            ));
        }
        Ok(())
    }

    fn hold(&mut self, data: String) {
        let value = json_text::parse_with_halves(&data);
        let fields = value.map_or_else(|_| Vec::new(), |(value, _)| text_fields(&value));
        let mut parts = Vec::new();
        for field in fields {
            let state = match field.kind() {
                FieldKind::Protocol => continue,
                FieldKind::Fragment if !field.is_arguments() => {
                    let channel = field.channel();
                    let text = self.texts.entry(channel.clone()).or_default();
                    let range = text.push(&field.text);
                    PartState::Fragment(channel, range)
                }
                _ => PartState::Complete(json!({ "arguments": field.text }).to_string()),
            };
            parts.push(Part { field, state });
        }
        self.held_bytes += data.len();
        self.held.push_back(HeldEvent {
            data: Some(data),
            parts,
        });
    }

    /// Whether a window is full.
    pub(super) fn is_due(&self) -> bool {
        let overlap = self.overlap();
        let open = self.texts.values().map(JudgedText::open_bytes);
        open.max() >= Some(self.window + overlap) || self.held_bytes >= MAX_WINDOW_BYTES
    }

    /// Has what is held judged, and appends what may be sent to `out`. If the stream has ended,
    /// that is all of it.
    ///
    /// # Errors
    /// When a guard blocks it.
    pub(super) async fn judge(
        &mut self,
        ended: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), GuardedError> {
        let question = self.question()?;
        let mut judgments = Vec::new();
        if !question.texts.is_empty() {
            let (guards, texts) = (self.guards.clone(), question.texts.clone());
            judgments = judge(&self.snapshot, guards, texts, &self.context).await;
        }
        self.decide(question, judgments, ended)?;
        self.release(out);
        Ok(())
    }

    fn question(&self) -> Result<Question, GuardedError> {
        let mut question = Question {
            texts: Vec::new(),
            channels: Vec::new(),
            documents: Vec::new(),
        };
        for (channel, text) in &self.texts {
            if text.open_bytes() > 0 {
                question.channels.push(channel.clone());
                question.texts.push(GuardText {
                    role: "assistant".to_owned(),
                    text: text.text().to_owned(),
                });
            }
        }
        for (event, held) in self.held.iter().enumerate() {
            for (part, state) in held.parts.iter().map(|part| &part.state).enumerate() {
                if let PartState::Complete(document) = state {
                    let texts = guard_texts(document, Direction::Response)
                        .map_err(|_| GuardedError::Failed(AMBIGUOUS))?;
                    question.documents.push((event, part, texts.len()));
                    question.texts.extend(texts);
                }
            }
        }
        Ok(question)
    }

    fn decide(
        &mut self,
        question: Question,
        mut judgments: Vec<(usize, Judgment)>,
        ended: bool,
    ) -> Result<(), GuardedError> {
        let (overlap, most) = (self.overlap(), self.window * MAX_WINDOWS);
        let mut ends = Vec::new();
        for (index, channel) in question.channels.iter().enumerate() {
            let judged = judgments.iter_mut();
            let judged = judged.filter_map(|(_, judgment)| judgment.as_mut().ok()?.get_mut(index));
            let mut judged: Vec<&mut Judged> = judged.collect();
            let text = &self.texts[channel];
            ends.push(text.limit(&mut judged, (overlap, most), ended));
        }
        // The documents take theirs from the end.
        let mut first = question.channels.len();
        let mut blocked = None;
        for (event, part, count) in &question.documents {
            let judgments = slice(&judgments, first..first + count);
            first += count;
            let part = &mut self.held[*event].parts[*part];
            let PartState::Complete(document) = &part.state else {
                continue;
            };
            let chain = &self.snapshot.chain;
            let evaluated = evaluate_guards(chain, document, Direction::Response, &judgments)
                .map_err(|_| GuardedError::Failed(AMBIGUOUS))?;
            merge_findings(&mut self.findings, &evaluated.evaluation.findings);
            match evaluated.evaluation.decision.clone() {
                Decision::Block(block) => blocked = blocked.or(Some(block)),
                Decision::Allow => part.state = PartState::Decided(part.field.text.clone()),
                Decision::Redact => {
                    self.redacts = true;
                    let redacted = evaluated.redact(document);
                    let redacted: Value = serde_json::from_str(&redacted).unwrap_or_default();
                    let text = redacted.get("arguments").and_then(Value::as_str);
                    part.state = PartState::Decided(text.unwrap_or_default().to_owned());
                }
            }
        }
        let evaluation = self.evaluate_channels(&question, &judgments);
        merge_findings(&mut self.findings, &evaluation.findings);
        if let Decision::Block(block) = evaluation.decision {
            blocked = Some(block);
        }
        if let Some(block) = blocked {
            return Err(GuardedError::Blocked(block));
        }
        let mut rewrites = HashMap::new();
        for Rewrite { index, spans, .. } in evaluation.rewrites {
            rewrites.insert(index, spans);
        }
        self.redacts |= !rewrites.is_empty();
        for (index, (channel, end)) in question.channels.iter().zip(ends).enumerate() {
            let spans: Vec<Replacement> = rewrites.remove(&index).unwrap_or_default();
            if let Some(text) = self.texts.get_mut(channel) {
                text.decide(end, spans);
            }
        }
        Ok(())
    }

    fn evaluate_channels(
        &self,
        question: &Question,
        judgments: &[(usize, Judgment)],
    ) -> Evaluation {
        let count = question.channels.len();
        let texts = question.texts[..count].iter();
        let texts: Vec<&str> = texts.map(|text| &*text.text).collect();
        let judgments = if count == 0 {
            Vec::new()
        } else {
            slice(judgments, 0..count)
        };
        let guards = self.snapshot.chain.guards();
        let judgments: Vec<(&Guard, &Judgment)> = judgments
            .iter()
            .map(|(index, judgment)| (&guards[*index], judgment))
            .collect();
        evaluate_judgments(&texts, Direction::Response, &judgments)
    }

    /// Appends the events that are decided, in order.
    fn release(&mut self, out: &mut Vec<u8>) {
        let context = self.overlap();
        while let Some(event) = self.held.front() {
            let is_decided = |part: &Part| match &part.state {
                PartState::Decided(_) => true,
                PartState::Complete(_) => false,
                PartState::Fragment(channel, range) => range.end <= self.texts[channel].decided(),
            };
            if !event.parts.iter().all(is_decided) {
                return;
            }
            let Some(event) = self.held.pop_front() else {
                return;
            };
            let Some(data) = event.data else {
                out.extend_from_slice(b":\n\n");
                continue;
            };
            self.held_bytes -= data.len();
            let mut changes = Vec::new();
            for Part { field, state } in event.parts {
                let text = match state {
                    PartState::Fragment(channel, range) => {
                        let text = self.texts.get_mut(&channel);
                        text.map(|text| text.release(&range, context))
                            .unwrap_or_default()
                    }
                    PartState::Complete(_) => String::new(),
                    PartState::Decided(text) => text,
                };
                if text != field.text {
                    changes.push((field, text));
                }
            }
            write_changed(&data, changes, out);
        }
    }

    /// Returns the evaluation of what was judged so far, without the decision to block.
    pub(super) fn evaluation(&self) -> Evaluation {
        Evaluation {
            decision: if self.redacts {
                Decision::Redact
            } else {
                Decision::Allow
            },
            rewrites: Vec::new(),
            findings: self.findings.clone(),
        }
    }
}

/// The reason of a text that two parsers could read differently.
const AMBIGUOUS: &str = "an event of the upstream is ambiguous JSON";

/// Returns the judgments on some of the texts.
fn slice(judgments: &[(usize, Judgment)], texts: Range<usize>) -> Vec<(usize, Judgment)> {
    let of = |judgment: &Judgment| {
        let judged = judgment.as_ref().map_err(|failure| *failure)?;
        Ok(judged.get(texts.clone()).unwrap_or_default().to_vec())
    };
    let judgments = judgments.iter();
    judgments
        .map(|(guard, judgment)| (*guard, of(judgment)))
        .collect()
}

/// Appends an event with some of its texts changed.
fn write_changed(data: &str, changes: Vec<(TextField, String)>, out: &mut Vec<u8>) {
    let parsed = json_text::parse_with_halves(data).ok();
    let Some((before, has_halves)) = parsed.filter(|_| !changes.is_empty()) else {
        write_event(out, data);
        return;
    };
    let mut after = before.clone();
    for (field, text) in changes {
        field.replace(&mut after, text);
    }
    let changed = json_edit::update(data, &before, &after);
    if has_halves {
        write_event(out, &json_text::with_halves(&changed));
    } else {
        write_event(out, &changed);
    }
}

impl GuardedError {
    /// Returns the error for the caller.
    pub(super) fn into_response(self, snapshot: &Snapshot) -> (ErrorResponse, Option<Block>) {
        match self {
            Self::Failed(message) => (ErrorResponse::upstream(message, false), None),
            Self::Blocked(block) => {
                let error = ErrorResponse::blocked(&block, snapshot.refusal_status);
                (error, Some(block))
            }
        }
    }
}
