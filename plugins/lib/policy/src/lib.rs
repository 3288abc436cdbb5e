//! `policy-config.yaml`: parse, validate, canonical form, hash, semantic diff,
//! and the detectors that it compiles to.
//!
//! The crate is pure: it reads no file, no clock and no environment, starts no
//! thread and opens no socket. Callers hand in the text of the sources and get
//! back a [`Document`], a [`Diff`] or a [`Chain`].
//!
//! The way through it:
//!
//! 1. [`parse`] turns one or several layered sources into a [`Document`], or
//!    into *all* the [`Problems`] of them, each with file, line and column.
//! 2. [`Document::canonical`] and [`Document::sha256`] identify its meaning:
//!    comments, key order and quoting never matter, list order does.
//! 3. [`diff`] says what changes from one document to another, and which
//!    guards the change weakens. Secrets are masked in the model itself.
//! 4. [`compile`] builds the detectors within the gateway's [`Limits`]. A
//!    pattern can be well formed and still too big for the gateway; that is a
//!    rejection of this step, not of the first.
//! 5. [`Chain::inspect_prompt`] judges a request, [`Chain::response_filter`]
//!    filters a response, whole or streamed, with the same result however the
//!    text is split. [`chat`] finds the texts of a chat completion for both.
//! 6. [`parse_case`] and [`Case::run`] say beforehand what a gateway will make
//!    of a request.
//!
//! What it refuses: unknown keys, unknown kinds, unknown words, and every
//! policy kind or setting that this version would accept but not enforce.

mod case;
mod chain;
pub mod chat;
mod diff;
mod model;
mod parse;
mod problem;
mod source;
mod text;

pub use case::{Case, CaseOutcome, Expected, ExpectedDecision, parse_case};
pub use chain::{
    AuditRecord, Block, Chain, Decision, Evaluation, Finding, Limits, MAX_GAP_BYTES,
    MAX_HOLD_BYTES, MAX_MATCH_BYTES, Output, REASON_CODES, Rewrite, StreamFilter, Text, compile,
};
pub use diff::{Change, ChangeKind, Diff, Impact, Patch, PatchOperation, diff};
pub use model::{
    AuditLogger, CircuitBreaker, DataCollection, DataPolicy, Detection, DlpFilter, Document,
    Encoding, Fallback, FilterAction, Gateway, InjectionAction, InjectionResponse, MarkerFormat,
    Millis, Outbound, Pack, PiiDetector, Policies, PolicyKind, PromptInjection, Providers,
    Redaction, Routing, SecretRef, Sensitivity, SizeLimits, Strategy, Target, Timeouts, Trigger,
};
pub use parse::{MAX_ALIASES, MAX_DEPTH, MAX_NODES, parse};
pub use problem::{Problem, Problems};
pub use source::{MAX_SOURCE_BYTES, Source, SourceLocation};
