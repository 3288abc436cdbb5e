//! The policy.

use super::settings::{ACTION, DlpFilter, MARKER_FORMAT, NUMBERS};
use super::terms::Terms;
use crate::chain::{
    Build, Detector, Label, LabelFormat, Marker, Match, Matches, Pattern, PatternSource, Policy,
    Progress, Starts, View, WordTriggers,
};
use crate::model::PolicyKind;

impl Policy for DlpFilter {
    const KIND: PolicyKind = PolicyKind::new("dlp-filter");
    const REASON: Option<&'static str> = Some("dlp.detected");

    fn compile(&self, build: &mut Build<'_>) {
        let restore = self.redaction.as_ref().and_then(|r| r.restore);
        let is_numbered = self.marker_format() == LabelFormat::Numbered;
        let restored = build.restores(restore, is_numbered);
        let terms = self.blocked_terms.iter().flatten();
        if let Some(terms) = Terms::new(terms.map(String::as_str)) {
            let pattern = build.pattern(Pattern {
                setting: Some(format!("policy.{}.blocked_terms", Self::KIND)),
                ..self.pattern("term", build.source(), restored)
            });
            build.detector(TermDetector { pattern, terms });
        }
        let own = self.detect_patterns.as_ref();
        build.own_patterns("detect_patterns", own, |source| {
            self.pattern("pattern", source, restored)
        });
    }
}

impl DlpFilter {
    fn marker_format(&self) -> LabelFormat {
        let redaction = self.redaction.as_ref();
        redaction
            .and_then(|r| r.marker_format)
            .unwrap_or(MARKER_FORMAT)
    }

    fn pattern(&self, kind: &'static str, source: PatternSource, restored: bool) -> Pattern {
        let redaction = self.redaction.as_ref();
        Pattern {
            setting: None,
            source,
            kind,
            level: self.sensitivity_level,
            action: self.action.unwrap_or(ACTION),
            marker: Marker::labeled(self.marker_format(), "[REDACTED]").restored(restored),
            numbers: redaction.and_then(|r| r.numbers).unwrap_or(NUMBERS),
        }
    }
}

/// Finds the blocked terms.
struct TermDetector {
    pattern: usize,
    terms: Terms,
}

impl Detector for TermDetector {
    fn starts(&self, first: u8, second: u8) -> Starts {
        Starts {
            word: false,
            anywhere: self.terms.begin_anywhere(first, second),
        }
    }

    fn word_triggers(&self) -> WordTriggers {
        WordTriggers {
            words: self.terms.first_words().to_vec(),
            ..WordTriggers::default()
        }
    }

    fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        _label: &Label,
        found: &mut Matches,
    ) -> bool {
        match self.terms.at(view, at, &mut progress.steps) {
            Match::Open => return false,
            Match::End(end) => found.push(self.pattern, end),
            Match::None => {}
        }
        true
    }
}
