//! The built-in patterns of `pii-detector`.

use regex_syntax::hir::Hir;

use super::super::pattern::{Check, Marker, Pattern};
use super::{bank, contact, network, person};
use crate::model::{FilterAction, MarkerFormat, PiiDetector, PolicyKind};
use crate::parse::pattern::parse_pattern;

/// A kind of data: its name in findings and markers, its label, its shape and
/// the check that tells it from what merely looks like it.
struct Kind(&'static str, &'static str, &'static str, Check);

const CARD: Kind = Kind(
    "card",
    "[CARD]",
    r"(?-u:\b)[0-9](?:[ -]?[0-9]){12,18}(?-u:\b)",
    bank::is_card,
);

const KINDS: &[Kind] = &[
    Kind(
        "ssn",
        "[SSN]",
        r"(?-u:\b)[0-9]{3}(?:-[0-9]{2}-| [0-9]{2} |[0-9]{2})[0-9]{4}(?-u:\b)",
        person::is_ssn,
    ),
    Kind(
        "email",
        "[EMAIL]",
        r"(?:(?-u:\b)[A-Za-z0-9_]|[\p{L}&&[^A-Za-z]])[\p{L}\p{N}._%+'-]*@(?:[\p{L}\p{N}-]+\.)+\p{L}+",
        contact::is_email,
    ),
    // With a country code: groups of digits after a plus.
    Kind(
        "phone",
        "[PHONE]",
        r"(?:\+|(?-u:\b)00)[1-9][0-9]{0,3}(?:[ .-]?\(?[0-9]{1,5}\)?){2,6}",
        contact::is_international,
    ),
    // North America: area code, exchange, number.
    Kind(
        "phone",
        "[PHONE]",
        r"(?:(?-u:\b)1[-. ])?(?:\([2-9][0-9]{2}\)[ -]?|(?-u:\b)[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}(?-u:\b)",
        contact::is_north_american,
    ),
    // Anything else only next to a word that announces it.
    Kind(
        "phone",
        "[PHONE]",
        r"(?-u:\b)[0-9](?:[ ./-]{0,2}\(?[0-9]\)?){6,13}(?-u:\b)",
        contact::is_announced,
    ),
    Kind(
        "ip",
        "[IP]",
        r"(?-u:\b)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?-u:\b)",
        network::is_ipv4,
    ),
    Kind(
        "ip",
        "[IP]",
        r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*(?:[0-9.]{7,15})?",
        network::is_ipv6,
    ),
    Kind(
        "iban",
        "[IBAN]",
        r"(?-u:\b)[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{1,4}){3,9}(?-u:\b)",
        bank::is_iban,
    ),
];

/// Everything `pii-detector` looks for, built-in kinds first.
pub(crate) fn patterns(settings: &PiiDetector, own: Vec<Hir>) -> Vec<Pattern> {
    let mut found = Vec::new();
    let cards = settings.pci_mode.unwrap_or(true).then_some(&CARD);
    for kind in cards.into_iter().chain(KINDS) {
        let hir = parse_pattern(kind.2).expect("built-in patterns are tested");
        found.push(pattern(settings, kind.0, kind.1, hir, Some(kind.3)));
    }
    for hir in own {
        found.push(pattern(settings, "pattern", "[PATTERN]", hir, None));
    }
    found
}

fn pattern(
    settings: &PiiDetector,
    kind: &'static str,
    label: &str,
    hir: Hir,
    check: Option<Check>,
) -> Pattern {
    let redaction = settings.redaction.as_ref();
    let custom = redaction
        .and_then(|r| r.custom_markers.as_ref())
        .and_then(|markers| markers.get(kind));
    let marker = match custom {
        Some(text) => Marker::Fixed(text.clone()),
        None => Marker::new(
            redaction
                .and_then(|r| r.marker_format)
                .unwrap_or(MarkerFormat::Label),
            redaction.and_then(|r| r.preserve_length).unwrap_or(false),
            label,
        ),
    };
    let named = redaction.and_then(|r| r.include_metadata).unwrap_or(true);
    Pattern {
        hir,
        policy: PolicyKind::PiiDetector,
        kind: if named { kind } else { "pii" },
        level: None,
        action: settings.action.unwrap_or(FilterAction::Redact),
        marker,
        check,
    }
}
