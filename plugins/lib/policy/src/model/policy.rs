//! `policies` and `policy.<kind>`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::word::words;

words! {
    /// The policy kinds this version enforces.
    pub enum PolicyKind {
        /// Attempts to override the instructions of a model.
        PromptInjection = "prompt-injection",
        /// Personal data, in requests and responses.
        PiiDetector = "pii-detector",
        /// An organisation's own secrets and words, in requests and responses.
        DlpFilter = "dlp-filter",
        /// One audit record per request; always allows.
        AuditLogger = "audit-logger",
    }
}

/// The blocks under `policy`, whether or not the chain names them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Policies {
    /// `policy.prompt-injection`
    #[serde(rename = "prompt-injection", skip_serializing_if = "Option::is_none")]
    pub prompt_injection: Option<PromptInjection>,
    /// `policy.pii-detector`
    #[serde(rename = "pii-detector", skip_serializing_if = "Option::is_none")]
    pub pii_detector: Option<PiiDetector>,
    /// `policy.dlp-filter`
    #[serde(rename = "dlp-filter", skip_serializing_if = "Option::is_none")]
    pub dlp_filter: Option<DlpFilter>,
    /// `policy.audit-logger`
    #[serde(rename = "audit-logger", skip_serializing_if = "Option::is_none")]
    pub audit_logger: Option<AuditLogger>,
}

impl Policies {
    /// Whether the block of a kind is there.
    #[must_use]
    pub fn has(&self, kind: PolicyKind) -> bool {
        match kind {
            PolicyKind::PromptInjection => self.prompt_injection.is_some(),
            PolicyKind::PiiDetector => self.pii_detector.is_some(),
            PolicyKind::DlpFilter => self.dlp_filter.is_some(),
            PolicyKind::AuditLogger => self.audit_logger.is_some(),
        }
    }
}

/// `policy.prompt-injection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PromptInjection {
    /// Which disguises are looked through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The operator's own patterns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// What happens on a hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<InjectionResponse>,
}

/// `policy.prompt-injection.encoding`; everything is on by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Encoding {
    /// Decode Base64 runs and look inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode_base64: Option<bool>,
    /// Remove invisible characters, fold wide and styled letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalize_unicode: Option<bool>,
    /// Read letters of other scripts as the Latin ones they look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_homoglyphs: Option<bool>,
}

/// `policy.prompt-injection.detection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Detection {
    /// Regular expressions; one match is a hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attack_patterns: Option<Vec<String>>,
}

/// `policy.prompt-injection.response`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InjectionResponse {
    /// What happens (default `block`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<InjectionAction>,
    /// Message to the caller of a blocked request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

words! {
    /// What happens when a request looks like an injection.
    pub enum InjectionAction {
        /// The request is refused.
        Block = "block",
        /// The request passes, the finding is recorded.
        Log = "log",
    }
}

words! {
    /// What happens when a filter finds something.
    pub enum FilterAction {
        /// It is replaced by a marker.
        Redact = "redact",
        /// The request or response is refused.
        Block = "block",
    }
}

/// `policy.pii-detector`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PiiDetector {
    /// What happens on a hit (default `redact`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<FilterAction>,
    /// Only `false` is accepted: health identifiers are not detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcare_mode: Option<bool>,
    /// Whether payment cards are looked for (default yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci_mode: Option<bool>,
    /// The operator's own patterns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_patterns: Option<Vec<String>>,
    /// What markers look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// `policy.pii-detector.redaction`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Redaction {
    /// Form of a marker (default `label`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker_format: Option<MarkerFormat>,
    /// Whether findings name the kind of data (default yes); otherwise they
    /// all say `pii`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_metadata: Option<bool>,
    /// Whether a marker has as many characters as what it replaces (default
    /// no); a longer label is cut, a shorter one filled with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_length: Option<bool>,
    /// Marker by kind: `ssn`, `phone`, `email`, `card`, `ip`, `iban`,
    /// `pattern`. Used as they stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_markers: Option<BTreeMap<String, String>>,
}

words! {
    /// Form of a marker.
    pub enum MarkerFormat {
        /// `[EMAIL]`
        Label = "label",
        /// `********`
        Asterisk = "asterisk",
        /// At most the last four letters or digits stay.
        Partial = "partial",
    }
}

/// `policy.dlp-filter`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DlpFilter {
    /// What happens on a hit (default `redact`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<FilterAction>,
    /// Regular expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_patterns: Option<Vec<String>>,
    /// Words and phrases, whole and without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_terms: Option<Vec<String>>,
    /// Only `false` is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuzzy_matching: Option<bool>,
    /// Only `0` is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_distance: Option<u64>,
    /// Recorded with every finding of this policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity_level: Option<Sensitivity>,
}

words! {
    /// How sensitive the data is that a filter guards.
    pub enum Sensitivity {
        /// Ordinary.
        Standard = "standard",
        /// High.
        High = "high",
        /// Highest.
        Restricted = "restricted",
    }
}

/// `policy.audit-logger`: settings of the audit trail. It always allows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AuditLogger {
    /// Whether records can be deleted before their time (default they cannot).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Days that records are kept, 1 to 36500 (default 365).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
    /// Whether the controls for health data apply (default no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hipaa_audit_controls: Option<bool>,
    /// Whether requests that no policy touched are recorded (default yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_all_access: Option<bool>,
}
