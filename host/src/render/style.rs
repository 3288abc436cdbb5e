//! The colors of text by its meaning.

use anstyle::{AnsiColor, Style};
use kt_plugin_api::printable;
use std::borrow::Cow;

/// The meaning of a text, which must be clear without color too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextStyle {
    Plain,
    Good,
    Warning,
    Bad,
    Hint,
    Header,
}

impl TextStyle {
    fn ansi(self) -> Style {
        let color = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Good => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red).bold(),
            Self::Hint => color(AnsiColor::Cyan),
            Self::Header => Style::new().bold(),
        }
    }
}

/// Returns `text` with the escape sequences of `style`, which the stream removes if
/// colors are disabled.
pub(super) fn styled(style: TextStyle, text: &str) -> String {
    let style = style.ansi();
    format!("{style}{text}{style:#}")
}
/// Returns the text with escapes for unprintable characters, except in the sequences that
/// set a style.
pub(super) fn styled_printable(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return printable(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        let (before, sequence) = rest.split_at(start);
        out.push_str(&printable(before));
        let length = style_length(sequence);
        let (style, after) = sequence.split_at(length.unwrap_or(1));
        if length.is_some() {
            out.push_str(style);
        } else {
            out.push_str(&printable(style));
        }
        rest = after;
    }
    out.push_str(&printable(rest));
    Cow::Owned(out)
}

/// Returns the length of the sequence that sets a style (SGR of ECMA-48) at the beginning.
fn style_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters.get(end..)?.starts_with('m').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::{TextStyle, styled, styled_printable};

    #[test]
    fn only_sequences_that_set_a_style_are_kept() {
        let red = styled(TextStyle::Bad, "a\u{202e}");
        assert!(red.contains('\u{1b}'), "{red:?}");
        let kept = styled_printable(&red);
        assert_eq!(kept, red.replace('\u{202e}', "\\u{202e}"));
        for text in [
            "\u{1b}[2J",
            "\u{1b}]0;title\u{7}",
            "\u{1b}",
            "\u{1b}[31",
            "\u{9b}31m",
        ] {
            let escaped = styled_printable(text);
            assert!(!escaped.contains(char::is_control), "{escaped:?}");
        }
    }
}
