//! `policy-config.yaml`: parse, validate, canonical form, hash, semantic diff,
//! and the detectors that it compiles to.
//!
//! The crate is pure: it reads no file, no clock and no environment, starts no
//! thread and opens no socket. Callers pass the text of the sources and receive
//! a [`Document`], a [`Diff`] or a [`Chain`].
//!
//! The steps:
//!
//! 1. [`parse`] parses one or several layered sources to a [`Document`], or
//!    reports *all* their [`Problems`], each with file, line and column.
//! 2. [`Document::canonical`] and [`Document::sha256`] identify its notation:
//!    comments, key order and quoting do not matter, list order and defaults do.
//! 3. [`diff`] compares the meaning of two documents, and reports which changes
//!    weaken a guard. Secrets are masked before anything is rendered.
//! 4. [`compile`] builds the detectors within the gateway's [`Limits`]. A
//!    valid pattern can still be too large for the gateway; this step rejects
//!    it, not the first.
//! 5. [`Chain::inspect_prompt`] evaluates a request, [`Chain::response_filter`]
//!    filters a response, complete or streamed, with the same result however
//!    the text is split. [`chat`] finds the texts of a chat completion for both.
//! 6. [`parse_case`] and [`Case::run`] test the evaluation without a gateway.
//!
//! The crate rejects unknown keys, kinds and values, and every policy kind or
//! setting that this version would accept but not enforce.

mod case;
mod chain;
pub mod chat;
mod compile;
mod credential;
mod decode;
mod diff;
pub mod json;
mod kinds;
mod known_parts;
mod model;
mod parse;
mod placeholder;
mod problem;
mod settings;
mod source;
mod text;

pub use case::{Case, CaseOutcome, Expected, ExpectedDecision, parse_case};
pub use chain::{
    AuditRecord, Block, Caller, Chain, Decision, Direction, EvaluatedRoute, Evaluation,
    Explanation, FailMode, FilterOutput, Finding, Guard, GuardAction, GuardFailure, GuardService,
    GuardText, GuardVerdict, HttpForm, HttpGuard, Judged, Judgment, Limits, MAX_HOLD_BYTES,
    MAX_MATCH_BYTES, MarkerKind, NumberRedaction, PromptText, Replacement, Rewrite, Sensitivity,
    Span, StreamFilter, evaluate_judgments, merge_findings, resolve_verdicts,
};
pub use compile::compile;
pub use decode::MAX_GAP_BYTES;
pub use decode::{InvalidUrl, MAX_ALIASES, MAX_DEPTH, MAX_NODES, Millis, validate_base_url};
pub use diff::{Change, ChangeKind, Diff, Impact, Patch, PatchOperation, diff, diff_from_none};
pub use kinds::reason_codes;
pub use known_parts::CallerScope;
pub use model::defaults;
pub use model::{
    CircuitBreaker, DataCollection, DataPolicy, Document, Fallback, Gateway, ModelMatch, Outbound,
    PRESETS, Pack, Policies, PolicyKind, Preset, Providers, Routing, SecretRef, SizeLimits,
    Strategy, Target, Timeouts, Trigger, find_preset,
};
pub use parse::{json_schema, parse};
pub use placeholder::{PlaceholderValues, RestoredText, Restorer};
pub use problem::{Problem, Problems, looks_like_secret};
pub use source::{MAX_SOURCE_BYTES, Source, SourceLocation};
