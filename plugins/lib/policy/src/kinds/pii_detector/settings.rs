//! The settings.

use std::collections::BTreeMap;

use super::kinds::Detect;
use super::markers::CustomMarkers;
use crate::chain::{FilterAction, MarkerFormat, NumberRedaction, RESTORE_WEAKER, Streaming};
use crate::settings::{Setting, Weaker, boolean, choice, group, only, patterns, settings};

settings! {
    /// Personal data, in requests and responses.
    pub(crate) PiiDetector, unsupported ["streaming_mode"] {
        /// The action on a match.
        action: FilterAction = choice().default(ACTION).weaker(Weaker::Action);
        /// Only `false` is valid: health identifiers are not detected.
        healthcare_mode: bool = only(false);
        /// Whether each kind of data is detected.
        detect: BTreeMap<&'static str, bool> = Setting::new(Detect);
        /// Whether payment card numbers are detected, like `detect.card`: both must be `true`.
        pci_mode: bool = boolean().default(true).weaker(Weaker::Off);
        /// Additional patterns.
        detect_patterns: Vec<String> = patterns();
        /// Which words of a stream wait for the next event: `fluent` holds what is likely to be the
        /// beginning of an address; of others, the words before the `@` may have left when the rest
        /// is redacted. `strict` holds every word, and is always used with `action: block`.
        streaming: Streaming = choice().default(STREAMING).weaker(Weaker::Streaming);
        /// The format of markers.
        redaction: Redaction = group();
    }
}

settings! {
    /// `policy.pii-detector.redaction`.
    pub(crate) Redaction {
        /// The format of a marker: `[EMAIL_1]`, `[EMAIL]`, `********` or `a***@example.com`. In
        /// responses `numbered` is `label`.
        marker_format: MarkerFormat = choice().default(MARKER_FORMAT);
        /// Whether responses get the values of their request back where they have its placeholders;
        /// requires `numbered`.
        restore: bool = boolean().default(false).weaker(Weaker::On(RESTORE_WEAKER));
        /// Whether findings contain the kind of data; otherwise the kind is always `pii`.
        include_metadata: bool = boolean().default(true);
        /// Whether a marker has as many characters as the text that it replaces; a longer label is
        /// truncated, a shorter one is padded with `*`, and none has a number.
        preserve_length: bool = boolean().default(false);
        /// The marker by kind, one of those of `detect` or `pattern`. Used verbatim, without a
        /// number.
        custom_markers: BTreeMap<String, String> = Setting::new(CustomMarkers);
        /// What replaces a number of JSON.
        numbers: NumberRedaction = choice().default(NUMBERS);
    }
}

/// The default of `action`.
pub(super) const ACTION: FilterAction = FilterAction::Redact;
/// The default of `streaming`.
pub(super) const STREAMING: Streaming = Streaming::Fluent;
/// The default of `redaction.marker_format`.
pub(super) const MARKER_FORMAT: MarkerFormat = MarkerFormat::Numbered;
/// The default of `redaction.numbers`.
pub(super) const NUMBERS: NumberRedaction = NumberRedaction::Marker;
