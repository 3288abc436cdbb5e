//! The settings.

use kt_detect::ReadingOptions;

use crate::decode::string_enum;
use crate::settings::{Weaker, boolean, choice, group, integer, patterns, settings, text};

settings! {
    /// Attempts to override the instructions of a model, in requests.
    pub(crate) PromptInjection, unsupported ["embedding_threshold", "streaming_mode", "threshold"] {
        /// Which encodings are decoded before matching.
        encoding: Encoding = group();
        /// Additional patterns.
        detection: Detection = group();
        /// The response to a match.
        response: InjectionResponse = group();
    }
}

settings! {
    /// `policy.prompt-injection.encoding`; everything is on by default.
    pub(crate) Encoding {
        /// Decode Base64 and inspect the result.
        decode_base64: bool = boolean().default(true).weaker(Weaker::Off);
        /// Remove invisible characters, and fold full-width and styled letters.
        normalize_unicode: bool = boolean().default(true).weaker(Weaker::Off);
        /// Treat letters of other scripts as the Latin letters that they resemble.
        detect_homoglyphs: bool = boolean().default(true).weaker(Weaker::Off);
    }
}

impl Encoding {
    /// Returns how texts are read.
    pub(super) fn options(&self) -> ReadingOptions {
        ReadingOptions {
            decode: self.decode_base64.unwrap_or(true),
            fold: self.normalize_unicode.unwrap_or(true),
            look_alikes: self.detect_homoglyphs.unwrap_or(true),
        }
    }
}

settings! {
    /// `policy.prompt-injection.detection`.
    pub(crate) Detection {
        /// Regular expressions.
        attack_patterns: Vec<String> = patterns();
        /// The score from which a text is an attack, in percent.
        block_score: u64 = integer(1..=100).default(BLOCK_SCORE)
            .weaker(Weaker::Higher("texts have to be nearer to an attack"));
        /// The score from which a text that is no attack is a finding, in percent.
        flag_score: u64 = integer(1..=100).default(FLAG_SCORE)
            .weaker(Weaker::Higher("texts have to be nearer to an attack"));
    }
}

settings! {
    /// `policy.prompt-injection.response`.
    pub(crate) InjectionResponse {
        /// The action on a match.
        action: InjectionAction = choice().default(ACTION).weaker(Weaker::Action);
        /// The message to the caller of a blocked request.
        message: String = text(1..=500);
    }
}

string_enum! {
    /// The action on a detected injection.
    pub(crate) enum InjectionAction {
        /// The request is blocked.
        Block = "block",
        /// The request passes, and the finding is recorded.
        Log = "log",
    }
}

/// The default of `detection.block_score`.
pub(super) const BLOCK_SCORE: u64 = 90;

/// The default of `detection.flag_score`.
pub(super) const FLAG_SCORE: u64 = 50;

/// The default of `response.action`.
pub(super) const ACTION: InjectionAction = InjectionAction::Block;
