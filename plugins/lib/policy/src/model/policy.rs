//! `policies` and `policy.<kind>`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::string_enum::string_enum;

string_enum! {
    /// The policy kinds that this version enforces.
    pub enum PolicyKind {
        /// Attempts to override the instructions of a model.
        PromptInjection = "prompt-injection",
        /// Personal data, in requests and responses.
        PiiDetector = "pii-detector",
        /// Confidential terms and patterns of an organization, in requests and responses.
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
    /// Returns whether the block of a kind is present.
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
    /// Which encodings are decoded before matching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Additional patterns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// The response to a match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<InjectionResponse>,
}

/// `policy.prompt-injection.encoding`; everything is on by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Encoding {
    /// Decode Base64 and inspect the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode_base64: Option<bool>,
    /// Remove invisible characters, and fold full-width and styled letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalize_unicode: Option<bool>,
    /// Treat letters of other scripts as the Latin letters that they resemble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_homoglyphs: Option<bool>,
}

/// `policy.prompt-injection.detection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Detection {
    /// Regular expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attack_patterns: Option<Vec<String>>,
}

/// `policy.prompt-injection.response`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InjectionResponse {
    /// The action on a match (default `block`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<InjectionAction>,
    /// The message to the caller of a blocked request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

string_enum! {
    /// The action on a detected injection.
    pub enum InjectionAction {
        /// The request is blocked.
        Block = "block",
        /// The request passes, and the finding is recorded.
        Log = "log",
    }
}

string_enum! {
    /// The action on a match of a filter.
    pub enum FilterAction {
        /// The match is replaced by a marker.
        Redact = "redact",
        /// The request or response is blocked.
        Block = "block",
    }
}

/// `policy.pii-detector`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PiiDetector {
    /// The action on a match (default `redact`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<FilterAction>,
    /// Only `false` is valid: health identifiers are not detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcare_mode: Option<bool>,
    /// Whether payment card numbers are detected (default yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci_mode: Option<bool>,
    /// Additional patterns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_patterns: Option<Vec<String>>,
    /// The format of markers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// `policy.pii-detector.redaction`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Redaction {
    /// The format of a marker (default `label`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker_format: Option<MarkerFormat>,
    /// Whether findings contain the kind of data (default yes); otherwise the kind is always
    /// `pii`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_metadata: Option<bool>,
    /// Whether a marker has as many characters as the text that it replaces (default no); a longer
    /// label is truncated, a shorter one is padded with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_length: Option<bool>,
    /// The marker by kind: `ssn`, `phone`, `email`, `card`, `ip`, `iban`, `pattern`. Used verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_markers: Option<BTreeMap<String, String>>,
    /// What replaces a number of JSON (default `marker`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<NumberRedaction>,
}

string_enum! {
    /// What replaces a number of JSON, so that the document stays valid.
    pub enum NumberRedaction {
        /// The marker, as a string: `"[CARD]"`.
        Marker = "marker",
        /// `0`, for documents whose schema requires a number.
        Zero = "zero",
    }
}

string_enum! {
    /// The format of a marker.
    pub enum MarkerFormat {
        /// `[EMAIL]`
        Label = "label",
        /// `********`
        Asterisk = "asterisk",
        /// At most the last four letters or digits are kept.
        Partial = "partial",
    }
}

/// `policy.dlp-filter`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DlpFilter {
    /// The action on a match (default `redact`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<FilterAction>,
    /// Regular expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_patterns: Option<Vec<String>>,
    /// Whole words and phrases, matched case-insensitively.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_terms: Option<Vec<String>>,
    /// Only `false` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuzzy_matching: Option<bool>,
    /// Only `0` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_distance: Option<u64>,
    /// The level that is recorded with every finding of this policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity_level: Option<Sensitivity>,
    /// The form of what replaces a match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction: Option<DlpRedaction>,
}

/// `policy.dlp-filter.redaction`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DlpRedaction {
    /// What replaces a number of JSON (default `marker`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<NumberRedaction>,
}

string_enum! {
    /// The sensitivity of the data that a filter protects.
    pub enum Sensitivity {
        /// Standard sensitivity.
        Standard = "standard",
        /// High sensitivity.
        High = "high",
        /// Highest sensitivity.
        Restricted = "restricted",
    }
}

/// `policy.audit-logger`: settings of the audit log. This policy always allows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AuditLogger {
    /// Only `true` is valid: no record is changed, or deleted before the end of its retention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// The retention of records in days, 1 to 36500 (default 365).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
    /// Only `false` is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hipaa_audit_controls: Option<bool>,
    /// Whether requests without findings are recorded (default yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_all_access: Option<bool>,
}
