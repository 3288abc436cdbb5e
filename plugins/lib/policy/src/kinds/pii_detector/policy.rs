//! The policy.

use super::identifiers::{IdentifierIndex, identifiers};
use super::kinds::{CARD, EMAIL, IBAN, IP, PHONE};
use super::personal_data::{EnabledIdentifier, PersonalData};
use super::settings::{ACTION, MARKER_FORMAT, NUMBERS, PiiDetector, STREAMING};
use crate::chain::{
    Build, FilterAction, Marker, MarkerFormat, Pattern, PatternSource, Policy, Streaming,
};
use crate::model::PolicyKind;

impl Policy for PiiDetector {
    const KIND: PolicyKind = PolicyKind::new("pii-detector");
    const REASON: Option<&'static str> = Some("pii.detected");

    fn compile(&self, build: &mut Build<'_>) {
        let source = build.source();
        let redaction = self.redaction.as_ref();
        let format = redaction.and_then(|r| r.marker_format);
        let is_numbered = format.unwrap_or(MARKER_FORMAT) == MarkerFormat::Numbered
            && redaction.and_then(|r| r.preserve_length) != Some(true);
        build.restores(redaction.and_then(|r| r.restore), is_numbered);
        let mut add = |kind: &'static str, default: bool| {
            let chosen = self.detect.as_ref().and_then(|kinds| kinds.get(kind));
            let pci = kind != CARD || self.pci_mode.unwrap_or(true);
            let on = pci && *chosen.unwrap_or(&default);
            on.then(|| build.pattern(self.pattern(kind, &label(kind), source)))
        };
        let card = add(CARD, true);
        let enabled = identifiers().enumerate().filter_map(|(bit, identifier)| {
            Some(EnabledIdentifier {
                pattern: add(identifier.kind, identifier.default)?,
                identifier,
                own: 1 << bit,
            })
        });
        let identifiers: Vec<EnabledIdentifier> = enabled.collect();
        let detector = PersonalData {
            card,
            email: add(EMAIL, true),
            phone: add(PHONE, true),
            ip: add(IP, true),
            iban: add(IBAN, true),
            index: IdentifierIndex::new(identifiers.iter().map(|enabled| enabled.identifier)),
            identifiers,
            is_fluent: self.is_fluent(),
        };
        build.detector(detector);
        let own = self.detect_patterns.as_ref();
        build.own_patterns("detect_patterns", own, |source| {
            self.pattern("pattern", &label("pattern"), source)
        });
    }
}

impl PiiDetector {
    /// A block must come before any part of what it blocks.
    fn is_fluent(&self) -> bool {
        self.action.unwrap_or(ACTION) != FilterAction::Block
            && self.streaming.unwrap_or(STREAMING) == Streaming::Fluent
    }

    /// Returns the pattern of one kind of data: what replaces it, and how it is reported.
    fn pattern(&self, kind: &'static str, label: &str, source: PatternSource) -> Pattern {
        let redaction = self.redaction.as_ref();
        let custom = redaction
            .and_then(|r| r.custom_markers.as_ref())
            .and_then(|markers| markers.get(kind));
        let marker = match custom {
            Some(text) => Marker::Fixed(text.clone()),
            None => Marker::new(
                redaction
                    .and_then(|r| r.marker_format)
                    .unwrap_or(MARKER_FORMAT),
                redaction.and_then(|r| r.preserve_length).unwrap_or(false),
                label,
            )
            .restored(redaction.and_then(|r| r.restore).unwrap_or(false)),
        };
        let named = redaction.and_then(|r| r.include_metadata).unwrap_or(true);
        Pattern {
            setting: None,
            source,
            kind: if named { kind } else { "pii" },
            level: None,
            action: self.action.unwrap_or(ACTION),
            marker,
            numbers: redaction.and_then(|r| r.numbers).unwrap_or(NUMBERS),
        }
    }
}

/// The label of a kind, such as `[BR_CPF]`.
fn label(kind: &str) -> String {
    format!("[{}]", kind.to_ascii_uppercase().replace('-', "_"))
}
