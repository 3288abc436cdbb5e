//! `policies.chain` and the blocks under `policy`.

use super::diagnostics::{Diagnostics, truncate};
use super::field::LengthRange;
use super::mapping::{Keys, Mapping};
use crate::model::{
    AuditLogger, Detection, DlpFilter, DlpRedaction, Encoding, InjectionResponse, PiiDetector,
    Policies, PolicyKind, PromptInjection, Redaction, StringEnum,
};
use crate::problem::code;
use crate::source::SourceLocation;

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
        "numbers",
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
        "redaction",
    ],
    unsupported: &["streaming_mode"],
};
const DLP_REDACTION_KEYS: Keys = Keys {
    known: &["numbers"],
    unsupported: &[],
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

/// The policy kinds of the compatible product that this version does not enforce.
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

const MESSAGE: LengthRange = LengthRange { min: 1, max: 500 };
const MARKER: LengthRange = LengthRange { min: 0, max: 64 };
const TERM: LengthRange = LengthRange { min: 2, max: 100 };

/// Reads the chain and the blocks, and checks that each kind in the chain has a block.
pub(crate) fn decode(
    root: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Vec<PolicyKind>, Policies) {
    let chain = chain(root, diagnostics);
    let (blocks, present) = blocks(root, diagnostics);
    for (index, (kind, location)) in chain.iter().enumerate() {
        if !present.contains(kind) {
            let path = format!("policies.chain[{index}]");
            let message = format!("`{kind}` is in the chain but has no block");
            diagnostics
                .report(code::MISSING_BLOCK, *location, &path, message)
                .help(format!("add `{kind}: {{}}` under `policy`"));
        }
    }
    (chain.into_iter().map(|(kind, _)| kind).collect(), blocks)
}

fn chain(
    root: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<(PolicyKind, SourceLocation)> {
    let mut chain: Vec<(PolicyKind, SourceLocation)> = Vec::new();
    root.require("policies", diagnostics);
    let Some(mapping) = root.mapping("policies", &CHAIN_KEYS, diagnostics) else {
        return chain;
    };
    mapping.require("chain", diagnostics);
    for item in mapping.sequence("chain", diagnostics).unwrap_or_default() {
        let Some(text) = item.string(diagnostics) else {
            continue;
        };
        let Some(kind) = kind(&text, item.location, &item.path, diagnostics) else {
            continue;
        };
        if chain.iter().any(|(other, _)| *other == kind) {
            let message = format!("`{kind}` occurs twice in the chain");
            diagnostics.report(code::DUPLICATE, item.location, &item.path, message);
            continue;
        }
        chain.push((kind, item.location));
    }
    chain
}

/// A policy kind by its word; reports unknown and unsupported ones.
fn kind(
    text: &str,
    location: SourceLocation,
    path: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<PolicyKind> {
    let variant = PolicyKind::VARIANTS.iter().find(|(name, _)| *name == text);
    if let Some((_, kind)) = variant {
        return Some(*kind);
    }
    if UNSUPPORTED_KINDS.contains(&text) {
        diagnostics.report_unsupported(location, path, &format!("the policy kind `{text}`"));
        return None;
    }
    let words = PolicyKind::VARIANTS.iter().map(|(word, _)| *word);
    let known: Vec<&str> = words.clone().collect();
    diagnostics
        .report(
            code::UNKNOWN_KIND,
            location,
            path,
            format!("unknown policy kind `{}`", truncate(text)),
        )
        .suggest(text, words)
        .help(format!("known kinds: {}", known.join(", ")));
    None
}

fn blocks(root: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> (Policies, Vec<PolicyKind>) {
    let mut blocks = Policies::default();
    let mut present = Vec::new();
    let Some(field) = root.field("policy", diagnostics) else {
        return (blocks, present);
    };
    let Some(mapping) = Mapping::open(field.node, &field.path, field.location, None, diagnostics)
    else {
        return (blocks, present);
    };
    for entry in mapping.entries() {
        let path = mapping.path_of(&entry.key);
        let Some(kind) = kind(&entry.key, entry.key_location, &path, diagnostics) else {
            continue;
        };
        present.push(kind);
        match kind {
            PolicyKind::PromptInjection => {
                blocks.prompt_injection = injection(&mapping, diagnostics);
            }
            PolicyKind::PiiDetector => blocks.pii_detector = pii(&mapping, diagnostics),
            PolicyKind::DlpFilter => blocks.dlp_filter = dlp(&mapping, diagnostics),
            PolicyKind::AuditLogger => blocks.audit_logger = audit(&mapping, diagnostics),
        }
    }
    (blocks, present)
}

fn injection(parent: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<PromptInjection> {
    let mapping = parent.mapping("prompt-injection", &INJECTION_KEYS, diagnostics)?;
    let encoding = mapping
        .mapping("encoding", &ENCODING_KEYS, diagnostics)
        .map(|t| Encoding {
            decode_base64: t.boolean("decode_base64", diagnostics),
            normalize_unicode: t.boolean("normalize_unicode", diagnostics),
            detect_homoglyphs: t.boolean("detect_homoglyphs", diagnostics),
        });
    let detection = mapping
        .mapping("detection", &DETECTION_KEYS, diagnostics)
        .map(|t| Detection {
            attack_patterns: patterns(&t, "attack_patterns", diagnostics),
        });
    let response = mapping
        .mapping("response", &RESPONSE_KEYS, diagnostics)
        .map(|t| InjectionResponse {
            action: t.variant("action", diagnostics),
            message: t
                .field("message", diagnostics)
                .and_then(|field| field.bounded_string(&MESSAGE, diagnostics)),
        });
    Some(PromptInjection {
        encoding,
        detection,
        response,
    })
}

fn pii(parent: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<PiiDetector> {
    let mapping = parent.mapping("pii-detector", &PII_KEYS, diagnostics)?;
    Some(PiiDetector {
        action: mapping.variant("action", diagnostics),
        healthcare_mode: mapping.only_boolean("healthcare_mode", false, diagnostics),
        pci_mode: mapping.boolean("pci_mode", diagnostics),
        detect_patterns: patterns(&mapping, "detect_patterns", diagnostics),
        redaction: mapping
            .mapping("redaction", &REDACTION_KEYS, diagnostics)
            .map(|t| redaction(&t, diagnostics)),
    })
}

fn redaction(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Redaction {
    let markers = mapping
        .mapping("custom_markers", &MARKER_KEYS, diagnostics)
        .map(|t| {
            t.entries()
                .iter()
                .filter_map(|entry| {
                    let marker = t
                        .field(&entry.key, diagnostics)?
                        .bounded_string(&MARKER, diagnostics)?;
                    Some((entry.key.clone(), marker))
                })
                .collect()
        });
    Redaction {
        marker_format: mapping.variant("marker_format", diagnostics),
        include_metadata: mapping.boolean("include_metadata", diagnostics),
        preserve_length: mapping.boolean("preserve_length", diagnostics),
        custom_markers: markers,
        numbers: mapping.variant("numbers", diagnostics),
    }
}

fn dlp(parent: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<DlpFilter> {
    let mapping = parent.mapping("dlp-filter", &DLP_KEYS, diagnostics)?;
    let max_distance = mapping.integer("max_distance", 0..=8, diagnostics);
    if max_distance.is_some_and(|distance| distance > 0) {
        mapping.report_unsupported("max_distance", "a `max_distance` above 0", diagnostics);
    }
    Some(DlpFilter {
        action: mapping.variant("action", diagnostics),
        detect_patterns: patterns(&mapping, "detect_patterns", diagnostics),
        blocked_terms: terms(&mapping, diagnostics),
        fuzzy_matching: mapping.only_boolean("fuzzy_matching", false, diagnostics),
        max_distance,
        sensitivity_level: mapping.variant("sensitivity_level", diagnostics),
        redaction: mapping
            .mapping("redaction", &DLP_REDACTION_KEYS, diagnostics)
            .map(|t| DlpRedaction {
                numbers: t.variant("numbers", diagnostics),
            }),
    })
}

fn terms(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Vec<String>> {
    let items = mapping.sequence("blocked_terms", diagnostics)?;
    let mut terms = Vec::new();
    for item in &items {
        let Some(term) = item.bounded_string(&TERM, diagnostics) else {
            continue;
        };
        if term.trim() != term || !term.chars().any(char::is_alphanumeric) {
            let message = format!(
                "`{}` must contain a letter or digit, and no leading or trailing spaces",
                item.path
            );
            item.reject(message, diagnostics);
        }
        terms.push(term);
    }
    Some(terms)
}

fn audit(parent: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<AuditLogger> {
    let mapping = parent.mapping("audit-logger", &AUDIT_KEYS, diagnostics)?;
    Some(AuditLogger {
        immutable: mapping.only_boolean("immutable", true, diagnostics),
        retention_days: mapping.integer("retention_days", 1..=36_500, diagnostics),
        hipaa_audit_controls: mapping.only_boolean("hipaa_audit_controls", false, diagnostics),
        log_all_access: mapping.boolean("log_all_access", diagnostics),
    })
}

fn patterns(
    mapping: &Mapping<'_>,
    key: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Vec<String>> {
    let items = mapping.sequence(key, diagnostics)?;
    Some(
        items
            .iter()
            .filter_map(|item| item.pattern(diagnostics))
            .collect(),
    )
}
