//! Tokens of Rust source, with their lines: identifiers, `::` and single
//! characters of punctuation.

use super::super::source::code_of;

/// A token and the line it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// An identifier, a number, `::`, or one character.
    pub(super) text: String,
    /// The line, from 1.
    pub(super) line: usize,
}

impl Token {
    /// Returns whether this is an identifier or a keyword.
    pub(super) fn is_identifier(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Returns the tokens of `text`, without comments and the contents of literals.
pub(super) fn tokens_of(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, line) in code_of(text).lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let in_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = if in_word(first) {
                rest.find(|c| !in_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (text, after) = rest.split_at(length);
            tokens.push(Token {
                text: text.to_owned(),
                line: index + 1,
            });
            rest = after.trim_start();
        }
    }
    tokens
}
