//! One thing that is looked for, and what replaces it.

use super::action::{FilterAction, LabelFormat, MarkerFormat, NumberRedaction, Sensitivity};
use super::evaluation::MarkerKind;
use crate::model::PolicyKind;

/// How far back a detector may look, in bytes.
pub(crate) const CONTEXT_BYTES: usize = 64;

/// The policy that a pattern belongs to, and the reason code of what it blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PatternSource {
    pub(crate) policy: PolicyKind,
    pub(crate) reason: &'static str,
}

/// A pattern with everything that follows from a match.
pub(crate) struct Pattern {
    pub(crate) source: PatternSource,
    /// The setting that lists what is looked for.
    pub(crate) setting: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) level: Option<Sensitivity>,
    pub(crate) action: FilterAction,
    pub(crate) marker: Marker,
    pub(crate) numbers: NumberRedaction,
}

/// What replaces a match.
#[derive(Clone)]
pub(crate) enum Marker {
    /// A label in brackets, to which requests add the number of the value.
    Numbered {
        label: String,
        /// Whether the value is put back where a response has the placeholder.
        restored: bool,
    },
    /// Always the same text.
    Fixed(String),
    /// The text, cut or filled to the length of the match.
    Fitted(String),
    /// As many stars as the match has characters.
    Stars,
    /// Stars, but the last characters stay.
    Partial,
}

impl Marker {
    /// The marker of a kind of data.
    pub(crate) fn new(format: MarkerFormat, preserve_length: bool, label: &str) -> Self {
        match (format, preserve_length) {
            (MarkerFormat::Numbered, false) => Self::numbered(label),
            (MarkerFormat::Label, false) => Self::Fixed(label.to_owned()),
            (MarkerFormat::Numbered | MarkerFormat::Label, true) => Self::Fitted(label.to_owned()),
            (MarkerFormat::Asterisk, false) => Self::Fixed("********".to_owned()),
            (MarkerFormat::Asterisk, true) => Self::Stars,
            (MarkerFormat::Partial, _) => Self::Partial,
        }
    }

    /// Puts the value back where a response has the placeholder, if there is one.
    pub(crate) fn restored(mut self, value: bool) -> Self {
        if let Self::Numbered { restored, .. } = &mut self {
            *restored = value;
        }
        self
    }

    /// The marker of a kind of data that has no other formats.
    pub(crate) fn labeled(format: LabelFormat, label: &str) -> Self {
        match format {
            LabelFormat::Numbered => Self::numbered(label),
            LabelFormat::Label => Self::Fixed(label.to_owned()),
        }
    }

    /// A placeholder with a label in brackets.
    fn numbered(label: &str) -> Self {
        Self::Numbered {
            label: label.to_owned(),
            restored: false,
        }
    }

    /// What the marker stands for.
    pub(crate) fn kind(&self) -> MarkerKind {
        match self {
            Self::Numbered { restored: true, .. } => MarkerKind::Restored,
            Self::Numbered { .. } => MarkerKind::Numbered,
            _ => MarkerKind::Plain,
        }
    }

    /// The text that replaces the rest of a match, of which a part has left.
    pub(crate) fn render_rest(&self, found: &str) -> String {
        match self {
            // What left and what would stay could be the whole value.
            Self::Partial => Self::Stars.render(found),
            other => other.render(found),
        }
    }

    /// The text that replaces `found`, without a number.
    pub(crate) fn render(&self, found: &str) -> String {
        let length = found.chars().count();
        match self {
            Self::Fixed(text) | Self::Numbered { label: text, .. } => text.clone(),
            Self::Fitted(text) => {
                let mut fitted: String = text.chars().take(length).collect();
                let missing = length.saturating_sub(text.chars().count());
                fitted.extend(std::iter::repeat_n('*', missing));
                fitted
            }
            Self::Stars => "*".repeat(length),
            Self::Partial => partial(found),
        }
    }
}

/// Stars for letters and digits except the last four, and never more than a
/// third of them stays; of an address before `@` only the first one stays.
fn partial(found: &str) -> String {
    if let Some((local, domain)) = found.split_once('@') {
        let first = local.chars().next().unwrap_or('*');
        return format!("{first}***@{domain}");
    }
    let total = found.chars().filter(|c| c.is_alphanumeric()).count();
    let hidden = total - (total / 3).min(4);
    let mut seen = 0;
    found
        .chars()
        .map(|c| {
            if !c.is_alphanumeric() {
                return c;
            }
            seen += 1;
            if seen <= hidden { '*' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Marker, MarkerFormat};

    #[test]
    fn markers_take_the_asked_form() {
        let render = |format, keep, found: &str| Marker::new(format, keep, "[CARD]").render(found);
        let card = "4111 1111 1111 1111";
        assert_eq!(render(MarkerFormat::Numbered, false, card), "[CARD]");
        assert_eq!(render(MarkerFormat::Numbered, true, "1.2"), "[CA");
        assert_eq!(render(MarkerFormat::Label, false, card), "[CARD]");
        assert_eq!(
            render(MarkerFormat::Label, true, card),
            "[CARD]*************"
        );
        assert_eq!(render(MarkerFormat::Label, true, "1.2"), "[CA");
        assert_eq!(render(MarkerFormat::Asterisk, false, card), "********");
        assert_eq!(render(MarkerFormat::Asterisk, true, card), "*".repeat(19));
        assert_eq!(
            render(MarkerFormat::Partial, false, card),
            "**** **** **** 1111"
        );
        assert_eq!(
            render(MarkerFormat::Partial, false, "ann@b.org"),
            "a***@b.org"
        );
        assert_eq!(render(MarkerFormat::Partial, false, "1.2.3.4"), "*.*.*.4");
    }
}
