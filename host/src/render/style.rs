//! The colors of text by its meaning.

use anstyle::{AnsiColor, Style};

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
