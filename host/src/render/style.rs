//! The colors of text by its meaning.

use anstyle::{AnsiColor, Style};
use kt_plugin_api::printable;
use std::borrow::Cow;

/// The word before what a difference weakens.
const WEAKENS: &str = "WEAKENS";

/// The meaning of a text, which must be clear without color too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextStyle {
    Plain,
    Good,
    Warning,
    Bad,
    Hint,
    Header,
    Removed,
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
            Self::Removed => color(AnsiColor::Red),
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

/// Colors the lines of a difference by their first character.
pub(super) fn colored_diff(text: &str) -> String {
    text.split_inclusive('\n').map(colored_diff_line).collect()
}

fn colored_diff_line(line: &str) -> String {
    let (content, end) = match line.strip_suffix('\n') {
        Some(content) => (content, "\n"),
        None => (line, ""),
    };
    let style = match content.chars().next() {
        Some('+') => TextStyle::Good,
        Some('-') => TextStyle::Removed,
        Some('~') => TextStyle::Warning,
        Some('@') => TextStyle::Hint,
        _ => TextStyle::Plain,
    };
    // What a difference weakens must stand out from it.
    match content.find(WEAKENS) {
        Some(at) => {
            let (change, reason) = content.split_at(at);
            format!(
                "{}{}{end}",
                styled(style, change),
                styled(TextStyle::Bad, reason)
            )
        }
        None => format!("{}{end}", styled(style, content)),
    }
}

/// Colors the parts of a snippet of a file: the severity, the location and the mark.
pub(super) fn colored_snippet(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(colored_snippet_line).collect();
    lines.join("\n")
}

fn colored_snippet_line(line: &str) -> String {
    let trimmed = line.trim_start();
    if let Some(rest) = line.strip_prefix("error") {
        return format!("{}{rest}", styled(TextStyle::Bad, "error"));
    }
    if let Some(rest) = line.strip_prefix("warning") {
        return format!("{}{rest}", styled(TextStyle::Warning, "warning"));
    }
    if trimmed.starts_with("-->") || trimmed.starts_with("= ") {
        return styled(TextStyle::Hint, line);
    }
    let mark = trimmed.strip_prefix('|').map(str::trim_start);
    if mark.is_some_and(|mark| mark.starts_with('^')) {
        return styled(TextStyle::Bad, line);
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{TextStyle, colored_diff, colored_snippet, styled, styled_printable};
    use anstream::adapter::strip_str;

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

    #[test]
    fn colors_change_no_text() {
        let diff = "+ a: 1\n- b: 2  WEAKENS: why\n~ c: 1 → 2\n  same\n@@ -1 +1 @@\n";
        let colored = colored_diff(diff);
        assert_eq!(strip_str(&colored).to_string(), diff);
        assert!(colored.contains("\u{1b}[32m+ a: 1"), "{colored:?}");
        assert!(colored.contains("WEAKENS: why") && colored.contains("\u{1b}[1m"));
        assert_eq!(colored.matches("\u{1b}[31m").count(), 2, "{colored:?}");
        let snippet = "error[a]: b\n --> f.yaml:1:2\n  |\n1 | a\n  |  ^ here\n  = help: c";
        let colored = colored_snippet(snippet);
        assert_eq!(strip_str(&colored).to_string(), snippet);
        assert_eq!(colored.matches("\u{1b}[31m").count(), 2, "{colored:?}");
    }
}
