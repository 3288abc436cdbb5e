//! The settings.

use crate::chain::{FilterAction, LabelFormat, RESTORE_WEAKER, Streaming};
use crate::settings::{Weaker, boolean, choice, group, settings};

settings! {
    /// Credentials: keys and tokens of services, private keys, passwords.
    pub(crate) Secrets {
        /// The action on a match.
        action: FilterAction = choice().default(ACTION).weaker(Weaker::Action);
        /// Whether values behind the name of a secret are found, such as `password = …`, if they
        /// look random.
        assignments: bool = boolean().default(true).weaker(Weaker::Off);
        /// Whether passwords in addresses are found: `scheme://user:password@host`.
        addresses: bool = boolean().default(true).weaker(Weaker::Off);
        /// Which words of a stream wait for the next event: with `fluent`, words that a documented
        /// prefix begins with, such as `a` and `key`, leave at once. `strict` holds them, and is
        /// always used with `action: block`.
        streaming: Streaming = choice().default(STREAMING).weaker(Weaker::Streaming);
        /// The format of markers.
        redaction: SecretsRedaction = group();
    }
}

settings! {
    /// `policy.secrets.redaction`.
    pub(crate) SecretsRedaction {
        /// The format of a marker: `[GITHUB_TOKEN_1]` or `[GITHUB_TOKEN]`. In responses `numbered`
        /// is `label`.
        marker_format: LabelFormat = choice().default(MARKER_FORMAT);
        /// Whether responses get the values of their request back where they have its placeholders;
        /// requires `numbered`.
        restore: bool = boolean().default(false).weaker(Weaker::On(RESTORE_WEAKER));
    }
}

/// The default of `redaction.marker_format`.
pub(super) const MARKER_FORMAT: LabelFormat = LabelFormat::Numbered;

/// The default of `action`: prompts leak secrets more than anything else, and a false alarm costs
/// little.
pub(super) const ACTION: FilterAction = FilterAction::Redact;
/// The default of `streaming`.
pub(super) const STREAMING: Streaming = Streaming::Fluent;
