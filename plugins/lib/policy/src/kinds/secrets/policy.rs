//! The policy.

use super::detector::SecretDetector;
use super::format::Formats;
use super::formats::FORMATS;
use super::settings::{ACTION, MARKER_FORMAT, STREAMING, Secrets};
use crate::chain::{
    Build, FilterAction, LabelFormat, Marker, NumberRedaction, Pattern, Policy, Streaming,
};
use crate::model::PolicyKind;

impl Policy for Secrets {
    const KIND: PolicyKind = PolicyKind::new("secrets");
    const REASON: Option<&'static str> = Some("secrets.detected");

    fn compile(&self, build: &mut Build<'_>) {
        let source = build.source();
        let action = self.action.unwrap_or(ACTION);
        let redaction = self.redaction.as_ref();
        let format = redaction
            .and_then(|r| r.marker_format)
            .unwrap_or(MARKER_FORMAT);
        let restore = redaction.and_then(|r| r.restore);
        let restored = build.restores(restore, format == LabelFormat::Numbered);
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        let mut pattern = |kind: &'static str| {
            if let Some((_, known)) = kinds.iter().find(|(known, _)| *known == kind) {
                return *known;
            }
            let label = kind.to_ascii_uppercase().replace('-', "_");
            let index = build.pattern(Pattern {
                setting: None,
                source,
                kind,
                level: None,
                action,
                marker: Marker::labeled(format, &format!("[{label}]")).restored(restored),
                numbers: NumberRedaction::Marker,
            });
            kinds.push((kind, index));
            index
        };
        let detector = SecretDetector {
            format_patterns: FORMATS.iter().map(|format| pattern(format.kind)).collect(),
            formats: Formats::new(&FORMATS),
            jwt: pattern("jwt"),
            private_key: pattern("private-key"),
            password: self
                .addresses
                .unwrap_or(true)
                .then(|| pattern("password-in-url")),
            is_fluent: action != FilterAction::Block
                && self.streaming.unwrap_or(STREAMING) == Streaming::Fluent,
            assignment: self.assignments.unwrap_or(true).then(|| pattern("secret")),
        };
        build.detector(detector);
    }
}
