//! The built-in patterns of `pii-detector`.

use super::detect::PersonalData;
use super::pattern::{Marker, Pattern};
use crate::model::{PiiDetector, PolicyKind, defaults};

/// Adds the built-in kinds of personal data.
pub(crate) fn personal_data(settings: &PiiDetector, patterns: &mut Vec<Pattern>) -> PersonalData {
    let mut add = |kind, label| {
        patterns.push(pattern(settings, kind, label));
        patterns.len() - 1
    };
    let cards = settings.pci_mode.unwrap_or(true);
    PersonalData {
        card: cards.then(|| add("card", "[CARD]")),
        ssn: add("ssn", "[SSN]"),
        email: add("email", "[EMAIL]"),
        phone: add("phone", "[PHONE]"),
        ip: add("ip", "[IP]"),
        iban: add("iban", "[IBAN]"),
    }
}

/// The pattern of one kind: what replaces it, and how it is reported.
pub(crate) fn pattern(settings: &PiiDetector, kind: &'static str, label: &str) -> Pattern {
    let redaction = settings.redaction.as_ref();
    let custom = redaction
        .and_then(|r| r.custom_markers.as_ref())
        .and_then(|markers| markers.get(kind));
    let marker = match custom {
        Some(text) => Marker::Fixed(text.clone()),
        None => Marker::new(
            redaction
                .and_then(|r| r.marker_format)
                .unwrap_or(defaults::MARKER_FORMAT),
            redaction.and_then(|r| r.preserve_length).unwrap_or(false),
            label,
        ),
    };
    let named = redaction.and_then(|r| r.include_metadata).unwrap_or(true);
    Pattern {
        policy: PolicyKind::PiiDetector,
        kind: if named { kind } else { "pii" },
        level: None,
        action: settings.action.unwrap_or(defaults::FILTER_ACTION),
        marker,
        numbers: redaction
            .and_then(|r| r.numbers)
            .unwrap_or(defaults::NUMBER_REDACTION),
    }
}
