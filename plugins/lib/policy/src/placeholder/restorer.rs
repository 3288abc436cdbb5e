//! [`Restorer`]: puts the values of a request back into a text of its response.

use std::sync::Arc;

use super::json_blocks::JsonBlocks;
use super::json_strings::MAX_DEPTH;
use super::name::{MAX_BACKSLASHES, Name, backslashes};
use super::values::PlaceholderValues;
use crate::json::escape;

/// What a text of a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoredText {
    /// Text of a message, which is JSON if it begins so.
    Content {
        /// Whether the caller requested JSON, whose value may be a string.
        expects_json: bool,
    },
    /// The arguments of a tool call.
    Arguments,
}

/// Restores one text as it arrives. Held back is only what could become a placeholder that was
/// issued. The result is the same however the text is split, and a value is not read again.
pub struct Restorer {
    values: Arc<PlaceholderValues>,
    strings: JsonBlocks,
    held: String,
    /// The character before `held`.
    previous: Option<char>,
    restored: usize,
}

/// A part of a text.
pub(crate) enum Part<'t> {
    Text(&'t str),
    /// A placeholder, and what stands there instead.
    Placeholder(&'t str, String),
}

/// What begins at a position.
enum PlaceholderMatch {
    Nothing,
    Open,
    /// The length, and the value.
    Placeholder(usize, String),
}

impl Restorer {
    /// Returns a restorer at the beginning of a text.
    #[must_use]
    pub fn new(values: &Arc<PlaceholderValues>, text: RestoredText) -> Self {
        Self {
            values: Arc::clone(values),
            strings: match text {
                RestoredText::Content { expects_json } => JsonBlocks::new(expects_json),
                RestoredText::Arguments => JsonBlocks::json(),
            },
            held: String::new(),
            previous: None,
            restored: 0,
        }
    }

    /// Takes the next piece of text and returns what can be passed on.
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        self.advance(piece, false, |part| part.append(&mut out));
        out
    }

    /// Ends the text, or interrupts it, and returns what was held back.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        self.advance("", true, |part| part.append(&mut out));
        out
    }

    /// Returns how many placeholders were restored.
    #[must_use]
    pub fn restored(&self) -> usize {
        self.restored
    }

    /// Returns the restored parts of a whole text.
    pub(crate) fn whole(&mut self, text: &str, take: impl FnMut(Part<'_>)) {
        self.advance(text, true, take);
    }

    fn advance(&mut self, piece: &str, complete: bool, mut take: impl FnMut(Part<'_>)) {
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        let (mut at, mut taken) = (0, 0);
        while let Some(c) = text[at..].chars().next() {
            let mut found = PlaceholderMatch::Nothing;
            if self.may_begin(c) {
                self.pass(&text[taken..at], &mut take);
                taken = at;
                found = self.find(&text[at..], complete);
            }
            match found {
                PlaceholderMatch::Nothing => {
                    self.previous = Some(c);
                    at += c.len_utf8();
                }
                PlaceholderMatch::Open => break,
                PlaceholderMatch::Placeholder(length, value) => {
                    let source = &text[at..at + length];
                    self.strings.push(source);
                    self.previous = source.chars().next_back();
                    self.restored += 1;
                    take(Part::Placeholder(source, value));
                    at += length;
                    taken = at;
                }
            }
        }
        self.pass(&text[taken..at], &mut take);
        self.held = text.split_off(at);
    }

    fn pass(&mut self, text: &str, take: &mut impl FnMut(Part<'_>)) {
        if !text.is_empty() {
            self.strings.push(text);
            take(Part::Text(text));
        }
    }

    /// Whether a placeholder can begin with a character.
    fn may_begin(&self, c: char) -> bool {
        match c {
            '[' | '\\' => true,
            c if c.is_ascii_uppercase() => {
                let previous = self.previous.filter(|c| is_word(*c));
                // The letter of an escape of JSON, such as `\n`, belongs to no word.
                previous.is_none_or(|c| matches!(c, 'n' | 'r' | 't' | 'b' | 'f'))
            }
            _ => false,
        }
    }

    /// Looks for a placeholder at the beginning of a text.
    fn find(&self, text: &str, complete: bool) -> PlaceholderMatch {
        // Whether a value would have to be escaped once more is not known.
        if self.strings.depth() > MAX_DEPTH {
            return PlaceholderMatch::Nothing;
        }
        let open = |may: bool| {
            if may && !complete {
                PlaceholderMatch::Open
            } else {
                PlaceholderMatch::Nothing
            }
        };
        let opening = backslashes(text);
        let after = &text[opening..];
        if after.is_empty() {
            return open(opening <= MAX_BACKSLASHES);
        }
        let Some(inside) = after.strip_prefix('[') else {
            return if opening == 0 {
                self.find_bare(text, complete)
            } else {
                PlaceholderMatch::Nothing
            };
        };
        if opening > MAX_BACKSLASHES {
            return PlaceholderMatch::Nothing;
        }
        let name = Name::read(inside, self.values.longest());
        if name.is_open {
            return open(self.values.may_become(&name.text, false));
        }
        let Some(value) = self.values.get(&name.text, false) else {
            return PlaceholderMatch::Nothing;
        };
        let end = &inside[name.length..];
        let closing = backslashes(end);
        match end.as_bytes().get(closing) {
            None => open(closing <= opening),
            Some(b']') if closing == opening => {
                let length = 2 * opening + 2 + name.length;
                PlaceholderMatch::Placeholder(length, self.escaped(value))
            }
            Some(_) => PlaceholderMatch::Nothing,
        }
    }

    /// Looks for a placeholder without brackets, which is a word of its own.
    fn find_bare(&self, text: &str, complete: bool) -> PlaceholderMatch {
        if self.previous.is_some_and(is_word) {
            // The letter of an escape.
            let before = self.strings.before();
            if self.strings.depth() == 0 || before.is_some_and(is_word) {
                return PlaceholderMatch::Nothing;
            }
        }
        let name = Name::read(text, self.values.longest());
        if name.is_open && !complete {
            return if self.values.may_become(&name.text, true) {
                PlaceholderMatch::Open
            } else {
                PlaceholderMatch::Nothing
            };
        }
        let next = text[name.length..].chars().next();
        match self.values.get(&name.text, true) {
            Some(value) if !next.is_some_and(is_word) => {
                PlaceholderMatch::Placeholder(name.length, self.escaped(value))
            }
            _ => PlaceholderMatch::Nothing,
        }
    }

    /// Returns a value as it stands at this place: in a string of JSON it is escaped.
    fn escaped(&self, value: &str) -> String {
        let mut text = value.to_owned();
        for _ in 0..self.strings.depth() {
            text = escape(&text);
        }
        text
    }
}

impl Part<'_> {
    fn append(&self, out: &mut String) {
        out.push_str(match self {
            Self::Text(text) => text,
            Self::Placeholder(_, value) => value,
        });
    }
}

impl std::fmt::Debug for Restorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restorer")
            .field("restored", &self.restored)
            .finish_non_exhaustive()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
#[path = "restorer_tests.rs"]
mod tests;
