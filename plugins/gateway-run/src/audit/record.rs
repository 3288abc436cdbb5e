//! The records of the audit log, one per line.

use super::tail::ChainHead;
use jiff::Timestamp;
use kt_control_api::Halt;
use kt_policy::{AuditRecord, Finding, PolicyKind};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A decision to be recorded.
pub(crate) struct AuditEntry {
    pub(crate) request_id: String,
    pub(crate) requested_model: String,
    /// `None` if the request was blocked, or no upstream was available.
    pub(crate) served: Option<Served>,
    /// The number of upstreams that were tried.
    pub(crate) attempts: u32,
    pub(crate) config_version: Option<u64>,
    /// `input` or `output`.
    pub(crate) phase: &'static str,
    pub(crate) decision: AuditRecord,
    /// The halt that was set or ended through the administration socket, if this is no decision.
    pub(crate) halt: Option<Halt>,
}

/// Days for which the record of a local halt is kept, which no policy sets.
const HALT_RETENTION_DAYS: u64 = 365;

impl AuditEntry {
    /// Returns the record of a local halt that was set, or of one that was ended.
    pub(crate) fn halt(halt: Halt, ended: bool) -> Self {
        Self {
            request_id: kt_control_api::new_request_id(),
            requested_model: String::new(),
            served: None,
            attempts: 0,
            config_version: None,
            phase: "admin",
            decision: AuditRecord {
                verdict: if ended { "unhalt" } else { "halt" },
                policy: None,
                reason_code: None,
                chain: Vec::new(),
                findings: Vec::new(),
                restored: 0,
                retention_days: HALT_RETENTION_DAYS,
            },
            halt: Some(halt),
        }
    }
}

/// The upstream that served a request, or failed last.
#[derive(Clone)]
pub(crate) struct Served {
    /// The id of the target.
    pub(crate) target: String,
    /// The model that was requested from it.
    pub(crate) model: String,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: &'a str,
    request_id: &'a str,
    phase: &'a str,
    requested_model: &'a str,
    served_model: Option<&'a str>,
    target: Option<&'a str>,
    attempts: u32,
    config_version: Option<u64>,
    verdict: &'a str,
    policy: Option<PolicyKind>,
    reason_code: Option<&'a str>,
    findings: &'a [Finding],
    /// The number of placeholders that were restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    halt: Option<&'a Halt>,
    retention_days: u64,
    previous: &'a str,
}

/// Returns the time as it stands in records.
pub(super) fn time() -> String {
    Timestamp::now().to_string()
}

/// Appends the line of a record, which becomes the head of the chain.
pub(super) fn push_line(lines: &mut Vec<u8>, entry: &AuditEntry, at: &str, head: &mut ChainHead) {
    let d = &entry.decision;
    let line = Line {
        seq: head.seq + 1,
        at,
        request_id: &entry.request_id,
        phase: entry.phase,
        requested_model: &entry.requested_model,
        served_model: entry.served.as_ref().map(|served| served.model.as_str()),
        target: entry.served.as_ref().map(|served| served.target.as_str()),
        attempts: entry.attempts,
        config_version: entry.config_version,
        verdict: d.verdict,
        policy: d.policy,
        reason_code: d.reason_code,
        findings: &d.findings,
        restored: (d.restored > 0).then_some(d.restored),
        halt: entry.halt.as_ref(),
        retention_days: d.retention_days,
        previous: &head.hash,
    };
    let seq = line.seq;
    let start = lines.len();
    // A vector takes everything, and the types have no maps with keys that are no strings.
    if serde_json::to_writer(&mut *lines, &line).is_err() {
        lines.truncate(start);
        return;
    }
    let hash = sha256_hex(&lines[start..]);
    // The hash stands before the brace.
    lines.pop();
    lines.extend_from_slice(b",\"hash\":\"");
    lines.extend_from_slice(hash.as_bytes());
    lines.extend_from_slice(b"\"}\n");
    *head = ChainHead { seq, hash };
}

pub(super) fn sha256_hex(text: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    let digest = Sha256::digest(text);
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        hex.push(digit(byte >> 4));
        hex.push(digit(byte));
    }
    hex
}
