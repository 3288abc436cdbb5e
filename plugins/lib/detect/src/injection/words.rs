//! The words of a text, for rules that read phrases.

use super::options::ReadingOptions;
use crate::reading::readings;
use crate::token::tokens;

/// The words of one reading in lower case, with one space between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainText {
    /// The words.
    pub text: String,
    /// It was encoded: nobody hides a harmless phrase.
    pub hidden: bool,
}

/// Returns the words of every reading of a text.
#[must_use]
pub fn plain_texts(text: &str, options: ReadingOptions) -> Vec<PlainText> {
    let decoded = readings(text, options.decoding());
    let own = std::iter::once((text, false));
    let all = own.chain(decoded.iter().map(|reading| (reading.as_str(), true)));
    let mut found = Vec::new();
    all.map(|(text, hidden)| {
        let characters = options.characters(text);
        tokens(&characters, &mut found);
        let mut words = String::with_capacity(characters.len());
        for token in &found {
            if !words.is_empty() {
                words.push(' ');
            }
            // Marks of emphasis inside a word are no part of it, nor is what
            // separates letters that were written apart.
            let inside = |c: &char| c.is_alphanumeric() || *c == '\'' || token.is_sign();
            let word = characters[token.range()].chars().filter(inside);
            words.extend(word.flat_map(char::to_lowercase));
        }
        PlainText {
            text: words,
            hidden,
        }
    })
    .collect()
}
