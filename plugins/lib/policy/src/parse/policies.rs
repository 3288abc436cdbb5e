//! `policies.chain` and the blocks under `policy`.

use super::field::{Keys, Table, unsupported};
use super::files::Findings;
use super::scalar::{Spec, crop};
use crate::model::{
    AuditLogger, Detection, DlpFilter, Encoding, InjectionResponse, PiiDetector, Policies,
    PolicyKind, PromptInjection, Redaction, SourceLocation, Word,
};
use crate::problem::code;

const CHAIN_KEYS: Keys = Keys {
    known: &["chain"],
    unsupported: &[],
};
const INJECTION_KEYS: Keys = Keys {
    known: &["encoding", "detection", "response"],
    unsupported: &["embedding_threshold", "streaming_mode", "threshold"],
};
const ENCODING_KEYS: Keys = Keys {
    known: &["decode_base64", "normalize_unicode", "detect_homoglyphs"],
    unsupported: &[],
};
const DETECTION_KEYS: Keys = Keys {
    known: &["attack_patterns"],
    unsupported: &[],
};
const RESPONSE_KEYS: Keys = Keys {
    known: &["action", "message"],
    unsupported: &[],
};
const PII_KEYS: Keys = Keys {
    known: &[
        "action",
        "healthcare_mode",
        "pci_mode",
        "detect_patterns",
        "redaction",
    ],
    unsupported: &["streaming_mode"],
};
const REDACTION_KEYS: Keys = Keys {
    known: &[
        "marker_format",
        "include_metadata",
        "preserve_length",
        "custom_markers",
    ],
    unsupported: &[],
};
const DLP_KEYS: Keys = Keys {
    known: &[
        "action",
        "detect_patterns",
        "blocked_terms",
        "fuzzy_matching",
        "max_distance",
        "sensitivity_level",
    ],
    unsupported: &["streaming_mode"],
};
const AUDIT_KEYS: Keys = Keys {
    known: &[
        "immutable",
        "retention_days",
        "hipaa_audit_controls",
        "log_all_access",
    ],
    unsupported: &[],
};
const MARKER_KEYS: Keys = Keys {
    known: &["ssn", "phone", "email", "card", "ip", "iban", "pattern"],
    unsupported: &[],
};

/// Policy kinds of the compatible product that this version does not enforce.
const UNSUPPORTED_KINDS: [&str; 28] = [
    "agent-firewall",
    "bot-detector",
    "case-privacy",
    "citation-verifier",
    "cjis-mode",
    "consumer_groups",
    "content-extractor",
    "cors",
    "data-routing-policy",
    "dual-use-filter",
    "embedding-detector",
    "entity-list-filter",
    "external-moderation",
    "flagged-review",
    "global-limit",
    "hipaa-phi-detector",
    "human-oversight",
    "ip_allowlist",
    "itar-ear-filter",
    "language-validator",
    "quality-scorer",
    "rate-limit",
    "rbac",
    "safety-filter",
    "size-limit",
    "student-privacy",
    "tool-security",
    "tool-validation",
];

const MESSAGE: Spec = Spec { min: 1, max: 500 };
const MARKER: Spec = Spec { min: 0, max: 64 };
const TERM: Spec = Spec { min: 2, max: 100 };

/// Reads the chain and the blocks, and holds one against the other.
pub(crate) fn decode(root: &Table<'_>, findings: &mut Findings<'_>) -> (Vec<PolicyKind>, Policies) {
    let chain = chain(root, findings);
    let (blocks, present) = blocks(root, findings);
    for (index, (kind, at)) in chain.iter().enumerate() {
        if !present.contains(kind) {
            let path = format!("policies.chain[{index}]");
            let message = format!("`{kind}` is in the chain but has no block");
            findings
                .report(code::NO_BLOCK, *at, &path, message)
                .help(format!("add `{kind}: {{}}` under `policy`"));
        }
    }
    (chain.into_iter().map(|(kind, _)| kind).collect(), blocks)
}

fn chain(root: &Table<'_>, findings: &mut Findings<'_>) -> Vec<(PolicyKind, SourceLocation)> {
    let mut chain: Vec<(PolicyKind, SourceLocation)> = Vec::new();
    root.require("policies", findings);
    let Some(table) = root.table("policies", &CHAIN_KEYS, findings) else {
        return chain;
    };
    table.require("chain", findings);
    for item in table.list("chain", findings).unwrap_or_default() {
        let Some(text) = item.text(findings) else {
            continue;
        };
        let Some(kind) = kind(&text, item.at, &item.path, findings) else {
            continue;
        };
        if chain.iter().any(|(other, _)| *other == kind) {
            let message = format!("`{kind}` occurs twice in the chain");
            findings.report(code::DUPLICATE, item.at, &item.path, message);
            continue;
        }
        chain.push((kind, item.at));
    }
    chain
}

/// A policy kind by its word; reports unknown and unsupported ones.
fn kind(
    text: &str,
    at: SourceLocation,
    path: &str,
    findings: &mut Findings<'_>,
) -> Option<PolicyKind> {
    let found = PolicyKind::WORDS.iter().find(|(word, _)| *word == text);
    if let Some((_, kind)) = found {
        return Some(*kind);
    }
    if UNSUPPORTED_KINDS.contains(&text) {
        unsupported(findings, at, path, &format!("the policy kind `{text}`"));
        return None;
    }
    let words = PolicyKind::WORDS.iter().map(|(word, _)| *word);
    let known: Vec<&str> = words.clone().collect();
    findings
        .report(
            code::UNKNOWN_KIND,
            at,
            path,
            format!("unknown policy kind `{}`", crop(text)),
        )
        .suggest(text, words)
        .help(format!("known kinds: {}", known.join(", ")));
    None
}

fn blocks(root: &Table<'_>, findings: &mut Findings<'_>) -> (Policies, Vec<PolicyKind>) {
    let mut blocks = Policies::default();
    let mut present = Vec::new();
    let Some(field) = root.field("policy", findings) else {
        return (blocks, present);
    };
    let Some(table) = Table::open(field.node, &field.path, field.at, None, findings) else {
        return (blocks, present);
    };
    for entry in table.entries() {
        let path = table.path_of(&entry.key);
        let Some(kind) = kind(&entry.key, entry.key_place, &path, findings) else {
            continue;
        };
        present.push(kind);
        match kind {
            PolicyKind::PromptInjection => {
                blocks.prompt_injection = injection(&table, findings);
            }
            PolicyKind::PiiDetector => blocks.pii_detector = pii(&table, findings),
            PolicyKind::DlpFilter => blocks.dlp_filter = dlp(&table, findings),
            PolicyKind::AuditLogger => blocks.audit_logger = audit(&table, findings),
        }
    }
    (blocks, present)
}

fn injection(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<PromptInjection> {
    let table = parent.table("prompt-injection", &INJECTION_KEYS, findings)?;
    let encoding = table
        .table("encoding", &ENCODING_KEYS, findings)
        .map(|t| Encoding {
            decode_base64: t.flag("decode_base64", findings),
            normalize_unicode: t.flag("normalize_unicode", findings),
            detect_homoglyphs: t.flag("detect_homoglyphs", findings),
        });
    let detection = table
        .table("detection", &DETECTION_KEYS, findings)
        .map(|t| Detection {
            attack_patterns: patterns(&t, "attack_patterns", findings),
        });
    let response = table
        .table("response", &RESPONSE_KEYS, findings)
        .map(|t| InjectionResponse {
            action: t.word("action", findings),
            message: t
                .field("message", findings)
                .and_then(|field| field.bounded(&MESSAGE, findings)),
        });
    Some(PromptInjection {
        encoding,
        detection,
        response,
    })
}

fn pii(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<PiiDetector> {
    let table = parent.table("pii-detector", &PII_KEYS, findings)?;
    Some(PiiDetector {
        action: table.word("action", findings),
        healthcare_mode: only_off(&table, "healthcare_mode", findings),
        pci_mode: table.flag("pci_mode", findings),
        detect_patterns: patterns(&table, "detect_patterns", findings),
        redaction: table
            .table("redaction", &REDACTION_KEYS, findings)
            .map(|t| redaction(&t, findings)),
    })
}

fn redaction(table: &Table<'_>, findings: &mut Findings<'_>) -> Redaction {
    let markers = table
        .table("custom_markers", &MARKER_KEYS, findings)
        .map(|t| {
            t.entries()
                .iter()
                .filter_map(|entry| {
                    let marker = t.field(&entry.key, findings)?.bounded(&MARKER, findings)?;
                    Some((entry.key.clone(), marker))
                })
                .collect()
        });
    Redaction {
        marker_format: table.word("marker_format", findings),
        include_metadata: table.flag("include_metadata", findings),
        preserve_length: table.flag("preserve_length", findings),
        custom_markers: markers,
    }
}

fn dlp(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<DlpFilter> {
    let table = parent.table("dlp-filter", &DLP_KEYS, findings)?;
    let max_distance = table.integer("max_distance", 0..=8, findings);
    if max_distance.is_some_and(|distance| distance > 0) {
        refuse(&table, "max_distance", "a `max_distance` above 0", findings);
    }
    Some(DlpFilter {
        action: table.word("action", findings),
        detect_patterns: patterns(&table, "detect_patterns", findings),
        blocked_terms: terms(&table, findings),
        fuzzy_matching: only_off(&table, "fuzzy_matching", findings),
        max_distance,
        sensitivity_level: table.word("sensitivity_level", findings),
    })
}

fn terms(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<Vec<String>> {
    let items = table.list("blocked_terms", findings)?;
    let mut terms = Vec::new();
    for item in &items {
        let Some(term) = item.bounded(&TERM, findings) else {
            continue;
        };
        if term.trim() != term || !term.chars().any(char::is_alphanumeric) {
            let message = format!(
                "`{}` must hold a letter or digit and no outer spaces",
                item.path
            );
            item.reject(message, findings);
        }
        terms.push(term);
    }
    Some(terms)
}

fn audit(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<AuditLogger> {
    let table = parent.table("audit-logger", &AUDIT_KEYS, findings)?;
    Some(AuditLogger {
        immutable: table.flag("immutable", findings),
        retention_days: table.integer("retention_days", 1..=36_500, findings),
        hipaa_audit_controls: table.flag("hipaa_audit_controls", findings),
        log_all_access: table.flag("log_all_access", findings),
    })
}

fn patterns(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<Vec<String>> {
    let items = table.list(key, findings)?;
    Some(
        items
            .iter()
            .filter_map(|item| item.pattern(findings))
            .collect(),
    )
}

/// A switch whose effect is not there: only off is accepted.
fn only_off(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
    let value = table.flag(key, findings)?;
    if value {
        refuse(table, key, &format!("`{key}: true`"), findings);
    }
    Some(value)
}

fn refuse(table: &Table<'_>, key: &str, what: &str, findings: &mut Findings<'_>) {
    if let Some(field) = table.field(key, findings) {
        unsupported(findings, field.at, &field.path, what);
    }
}
