//! Requests and responses as documents: every text is judged where it stands,
//! and what is to be redacted is spliced out.

use std::borrow::Cow;
use std::sync::Arc;

use super::numbering::number_markers;
use super::protocol::Direction;
use super::request_parts::RequestParts;
use super::unit::Unit;
use super::units::Units;
use crate::chain::{Chain, Decision, Direction as Side, Evaluation, Finding, PromptText};
use crate::json::{Edit, JsonError, ScalarKind, apply_edits, each_scalar};
use crate::placeholder::PlaceholderValues;

/// The role of another reading of a text, in which only values are looked for.
const DECODED: &str = "decoded";

/// The evaluation of a document, with what is needed to redact it.
#[derive(Debug)]
pub struct EvaluatedDocument {
    /// The decision and the findings over all texts.
    pub evaluation: Evaluation,
    edits: Vec<Edit>,
    /// What the placeholders of a request stand for.
    values: PlaceholderValues,
}

impl EvaluatedDocument {
    /// Takes what the placeholders of a request stand for, if its response restores any.
    #[must_use]
    pub fn take_values(&mut self) -> Option<Arc<PlaceholderValues>> {
        let values = std::mem::take(&mut self.values);
        (!values.is_empty()).then(|| Arc::new(values))
    }

    pub(super) fn new(evaluation: Evaluation, edits: Vec<Edit>) -> Self {
        Self {
            evaluation,
            edits,
            values: PlaceholderValues::default(),
        }
    }

    /// Returns the document with everything redacted; every byte that no policy
    /// changed is as it was.
    #[must_use]
    pub fn redact(self, document: &str) -> String {
        apply_edits(document, self.edits)
    }
}

/// Evaluates a request, whose texts have the roles of their messages.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn evaluate_request(chain: &Chain, document: &str) -> Result<EvaluatedDocument, JsonError> {
    evaluate_parts(chain, document, &RequestParts::default())
}

/// As [`evaluate_request`], without the parts that are known to be harmless; remembers those of the
/// others in which nothing was found.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn evaluate_parts(
    chain: &Chain,
    document: &str,
    parts: &RequestParts,
) -> Result<EvaluatedDocument, JsonError> {
    if !chain.inspects_prompts() {
        each_scalar(document, |_| {})?;
        return Ok(EvaluatedDocument {
            evaluation: nothing(),
            edits: Vec::new(),
            values: PlaceholderValues::default(),
        });
    }
    let mut units = request_units(chain, document, parts)?;
    let roles = std::mem::take(&mut units.roles);
    let roles = Roles::new(&roles);
    let labels = units.single.iter().map(|unit| &*unit.label);
    let single: Vec<(PromptText<'_>, &str)> =
        roles.texts(&units.single).into_iter().zip(labels).collect();
    let mut found = Findings::default();
    let mut single = chain.inspect_labeled_prompt(&single, found.of(&units.single));
    refuse_fixed(chain, &units.single, &mut single, Side::Request);
    let readings = roles.texts(&units.readings).into_iter();
    let readings: Vec<_> = readings.map(|text| (text, "")).collect();
    let readings = chain.inspect_labeled_prompt(&readings, found.of(&units.readings));
    let gists = roles.texts(&units.gists);
    let gists = chain.inspect_intent(&gists, found.of(&units.gists));
    parts.remember(chain.known_parts(), |message| found.is_in(message));
    let texts = RequestTexts {
        document,
        gists,
        is_whole: parts.known().is_empty(),
    };
    evaluated(&mut units, single, readings, Some(texts))
}

/// The messages of a request in which something was found; `None` for the rest of it.
#[derive(Default)]
struct Findings(Vec<Option<usize>>);

impl Findings {
    /// Returns what takes the indexes of units in which something was found.
    fn of(&mut self, units: &[Unit<'_>]) -> impl FnMut(usize) {
        |index| self.0.push(units.get(index).and_then(|unit| unit.message))
    }

    fn is_in(&self, message: Option<usize>) -> bool {
        self.0.contains(&message)
    }
}

/// Evaluates what a model or a provider answered, an error included.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn evaluate_response(chain: &Chain, document: &str) -> Result<EvaluatedDocument, JsonError> {
    let mut units = response_units(chain, document, |_| true)?;
    let inspect = |units: &[Unit<'_>]| {
        let texts = units.iter().map(|unit| (&*unit.text, &*unit.label));
        let texts: Vec<(&str, &str)> = texts.collect();
        chain.inspect_response(&texts)
    };
    let mut single = inspect(&units.single);
    refuse_fixed(chain, &units.single, &mut single, Side::Response);
    let readings = inspect(&units.readings);
    evaluated(&mut units, single, readings, None)
}

/// Refuses a document with a text that would be redacted and cannot be rewritten.
fn refuse_fixed(chain: &Chain, units: &[Unit<'_>], evaluation: &mut Evaluation, side: Side) {
    let mut fixed = evaluation.rewrites.iter();
    let fixed = fixed.find_map(|rewrite| units.get(rewrite.index).filter(|unit| unit.is_fixed()));
    if let Some(block) = fixed.and_then(|unit| chain.refusal(&unit.text, side)) {
        evaluation.decision = Decision::Block(block);
        evaluation.rewrites.clear();
    }
}

/// Returns the texts of a request as a chain has to judge them, without those of known parts.
pub(super) fn request_units<'d>(
    chain: &Chain,
    document: &'d str,
    parts: &RequestParts,
) -> Result<Units<'d>, JsonError> {
    let (known, direction) = (parts.known(), Direction::Request);
    let finds = |keys: &[(&str, &str)]| finds(chain, keys);
    let mut units = Units::with_keys(document, direction, known, |_| true, finds)?;
    if parts.is_rest_known() {
        units.plain_keys.clear_rest();
    }
    units.add_key_gists();
    Ok(units)
}

/// The same of a response, or of some kinds of its scalars.
pub(super) fn response_units<'d>(
    chain: &Chain,
    document: &'d str,
    takes: impl Fn(ScalarKind) -> bool,
) -> Result<Units<'d>, JsonError> {
    let finds = |keys: &[(&str, &str)]| finds(chain, keys);
    Units::with_keys(document, Direction::Response, &[], takes, finds)
}

/// Whether a chain finds values in texts.
fn finds(chain: &Chain, texts: &[(&str, &str)]) -> bool {
    chain.inspect_response(texts).decision != Decision::Allow
}

/// Evaluates the keys and numbers of a part of a response whose strings are evaluated
/// elsewhere, such as an event of a stream.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn evaluate_keys_and_numbers(
    chain: &Chain,
    document: &str,
) -> Result<EvaluatedDocument, JsonError> {
    let takes = |kind| kind != ScalarKind::String;
    let mut units = response_units(chain, document, takes)?;
    let texts: Vec<(&str, &str)> = units.single.iter().map(|u| (&*u.text, "")).collect();
    let evaluation = chain.inspect_response(&texts);
    evaluated(&mut units, evaluation, nothing(), None)
}

fn nothing() -> Evaluation {
    Evaluation {
        decision: Decision::Allow,
        rewrites: Vec::new(),
        findings: Vec::new(),
    }
}

/// What only a request has.
struct RequestTexts<'d> {
    document: &'d str,
    gists: Evaluation,
    /// Whether no part of it was left out.
    is_whole: bool,
}

/// Combines the evaluations. What another reading of a text finds was mostly
/// found in the text too, and is counted once.
fn evaluated<'d>(
    units: &mut Units<'d>,
    mut single: Evaluation,
    mut readings: Evaluation,
    request: Option<RequestTexts<'d>>,
) -> Result<EvaluatedDocument, JsonError> {
    let gists = request.as_ref().map(|request| &request.gists);
    let all: Vec<&Evaluation> = [Some(&single), Some(&readings), gists]
        .into_iter()
        .flatten()
        .collect();
    let mut findings: Vec<Finding> = Vec::new();
    for finding in all.iter().flat_map(|e| &e.findings) {
        let same = |f: &&mut Finding| f.policy == finding.policy && f.kind == finding.kind;
        match findings.iter_mut().find(same) {
            Some(existing) => existing.count = existing.count.max(finding.count),
            None => findings.push(finding.clone()),
        }
    }
    let blocked = all
        .iter()
        .find(|e| matches!(e.decision, Decision::Block(_)));
    let redacted = all.iter().find(|e| e.decision == Decision::Redact);
    let decision = blocked
        .or(redacted)
        .map_or(Decision::Allow, |e| e.decision.clone());
    let mut edits = Vec::new();
    let mut values = PlaceholderValues::default();
    if decision == Decision::Redact {
        if let Some(request) = request {
            if !request.is_whole {
                units.set_others(Units::of(request.document, Direction::Request)?);
            }
            let rewrites = (&mut single.rewrites, &mut readings.rewrites);
            values = number_markers(request.document, units, rewrites.0, rewrites.1, false);
        }
        let single_units = std::mem::take(&mut units.single);
        for rewrite in &single.rewrites {
            edits.extend(units.edits(&single_units[rewrite.index], &rewrite.spans));
        }
        let reading_units = std::mem::take(&mut units.readings);
        for rewrite in &readings.rewrites {
            edits.extend(units.edits(&reading_units[rewrite.index], &rewrite.spans));
        }
    }
    Ok(EvaluatedDocument {
        evaluation: Evaluation {
            decision,
            rewrites: Vec::new(),
            findings,
        },
        edits,
        values,
    })
}

/// The roles of the messages of a request.
pub(super) struct Roles<'r>(&'r [(usize, Cow<'r, str>)]);

impl<'r> Roles<'r> {
    /// Takes the roles of [`Units`].
    pub(super) fn new(roles: &'r [(usize, Cow<'r, str>)]) -> Self {
        Self(roles)
    }

    /// Units as the chain takes them.
    fn texts<'t>(&'t self, units: &'t [Unit<'_>]) -> Vec<PromptText<'t>> {
        let text = |unit: &'t Unit<'_>| PromptText {
            role: match unit.is_decoded {
                true => DECODED,
                false => self.role_of(unit),
            },
            text: &unit.text,
        };
        units.iter().map(text).collect()
    }

    /// The role that the detectors know. Only a message can be the operator's
    /// instruction; whatever else there is, such as the description of a tool,
    /// may come from anywhere, and a caller can write the messages of the
    /// assistant as well.
    pub(super) fn role_of(&self, unit: &Unit<'_>) -> &str {
        let Some(message) = unit.message else {
            return "user";
        };
        let at = self.0.partition_point(|(index, _)| *index < message);
        match self.0.get(at) {
            Some((index, role)) if *index == message => match &**role {
                known @ ("system" | "developer" | "tool") => known,
                _ => "user",
            },
            _ => "user",
        }
    }
}
