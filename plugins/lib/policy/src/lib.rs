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
mod diff;
pub mod json;
mod model;
mod parse;
mod problem;
mod source;
mod text;

pub use case::{Case, CaseOutcome, Expected, ExpectedDecision, parse_case};
pub use chain::{
    AuditRecord, Block, Chain, Decision, Evaluation, FilterOutput, Finding, Limits, MAX_GAP_BYTES,
    MAX_HOLD_BYTES, MAX_MATCH_BYTES, PromptText, REASON_CODES, Replacement, Rewrite, StreamFilter,
    compile, merge_findings,
};
pub use diff::{Change, ChangeKind, Diff, Impact, Patch, PatchOperation, diff};
pub use model::defaults;
pub use model::{
    AuditLogger, CircuitBreaker, DataCollection, DataPolicy, Detection, DlpFilter, DlpRedaction,
    Document, Encoding, Fallback, FilterAction, Gateway, InjectionAction, InjectionResponse,
    MarkerFormat, Millis, ModelMatch, NumberRedaction, Outbound, PRESETS, Pack, PiiDetector,
    Policies, PolicyKind, Preset, PromptInjection, Providers, Redaction, Routing, SecretRef,
    Sensitivity, SizeLimits, Strategy, Target, Timeouts, Trigger, find_preset,
};
pub use parse::{InvalidUrl, MAX_ALIASES, MAX_DEPTH, MAX_NODES, parse, validate_base_url};
pub use problem::{Problem, Problems, looks_like_secret};
pub use source::{MAX_SOURCE_BYTES, Source, SourceLocation};
