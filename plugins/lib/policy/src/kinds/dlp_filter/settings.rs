//! The settings.

use kt_detect::fold;
use serde_json::Value;

use super::term::{MaxDistance, Term};
use crate::chain::{FilterAction, LabelFormat, NumberRedaction, RESTORE_WEAKER, Sensitivity};
use crate::settings::{Setting, Weaker, boolean, choice, group, list, only, patterns, settings};

settings! {
    /// Confidential terms and patterns of an organization, in requests and responses.
    pub(crate) DlpFilter, unsupported ["streaming_mode"] {
        /// The action on a match.
        action: FilterAction = choice().default(ACTION).weaker(Weaker::Action);
        /// Regular expressions.
        detect_patterns: Vec<String> = patterns();
        /// Whole words and phrases, matched case-insensitively, whatever separates their words.
        blocked_terms: Vec<String> = list(Term).set(term_identity)
            .weaker(Weaker::Removed("a blocked term is removed"));
        /// Only `false` is valid.
        fuzzy_matching: bool = only(false);
        /// Only `0` is valid.
        max_distance: u64 = Setting::new(MaxDistance).default(0);
        /// The level that is recorded with every finding of this policy.
        sensitivity_level: Sensitivity = choice();
        /// The form of what replaces a match.
        redaction: DlpRedaction = group();
    }
}

settings! {
    /// `policy.dlp-filter.redaction`.
    pub(crate) DlpRedaction {
        /// The format of a marker: `[REDACTED_1]` or `[REDACTED]`. In responses `numbered` is
        /// `label`.
        marker_format: LabelFormat = choice().default(MARKER_FORMAT);
        /// Whether responses get the values of their request back where they have its placeholders;
        /// requires `numbered`.
        restore: bool = boolean().default(false).weaker(Weaker::On(RESTORE_WEAKER));
        /// What replaces a number of JSON.
        numbers: NumberRedaction = choice().default(NUMBERS);
    }
}

/// The default of `action`.
pub(super) const ACTION: FilterAction = FilterAction::Redact;
/// The default of `redaction.marker_format`: whether two terms are the same is confidential too.
pub(super) const MARKER_FORMAT: LabelFormat = LabelFormat::Label;
/// The default of `redaction.numbers`.
pub(super) const NUMBERS: NumberRedaction = NumberRedaction::Marker;

/// Terms are compared as the filter does: folded, without regard to case.
fn term_identity(term: &Value) -> String {
    fold(term.as_str().unwrap_or_default())
        .text
        .trim()
        .to_lowercase()
}
