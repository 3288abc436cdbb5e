//! What happens to a match.

use crate::decode::string_enum;

string_enum! {
    /// The action on a match of a filter.
    pub(crate) enum FilterAction {
        /// The match is replaced by a marker.
        Redact = "redact",
        /// The request or response is blocked.
        Block = "block",
    }
}

string_enum! {
    /// Which words of a stream wait for what comes behind them.
    pub(crate) enum Streaming {
        /// Those that are likely to be the beginning of an address.
        Fluent = "fluent",
        /// All words, which an `@` would make the beginning of an address.
        Strict = "strict",
    }
}

string_enum! {
    /// What replaces a number of JSON, so that the document stays valid.
    pub enum NumberRedaction {
        /// The marker, as a string: `"[CARD]"`.
        Marker = "marker",
        /// `0`, for documents whose schema requires a number.
        Zero = "zero",
    }
}

/// Why `redaction.restore` weakens a guard.
pub(crate) const RESTORE_WEAKER: &str = "values are put back into responses";

string_enum! {
    /// The format of a marker that names the kind of a value.
    pub(crate) enum LabelFormat {
        /// `[EMAIL_1]` in requests, `[EMAIL]` in responses.
        Numbered = "numbered",
        /// `[EMAIL]`
        Label = "label",
    }
}

string_enum! {
    /// The format of a marker.
    pub(crate) enum MarkerFormat {
        /// `[EMAIL_1]` in requests, `[EMAIL]` in responses.
        Numbered = "numbered",
        /// `[EMAIL]`
        Label = "label",
        /// `********`
        Asterisk = "asterisk",
        /// At most the last four letters or digits are kept.
        Partial = "partial",
    }
}

string_enum! {
    /// The sensitivity of the data that a filter protects.
    pub enum Sensitivity {
        /// Standard sensitivity.
        Standard = "standard",
        /// High sensitivity.
        High = "high",
        /// Highest sensitivity.
        Restricted = "restricted",
    }
}
