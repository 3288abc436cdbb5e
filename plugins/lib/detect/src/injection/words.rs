//! The words of a text, for rules that read phrases.

use super::examine::Examination;
use super::options::ReadingOptions;
use crate::alphabet::{is_alphanumeric, is_lower};
use crate::token::{Token, tokens};

/// The words of one reading in lower case, with one space between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainText {
    /// The words.
    pub text: String,
    /// It was encoded: nobody hides a harmless phrase.
    pub hidden: bool,
}

impl Examination {
    /// Returns the words of every reading of the text that was examined.
    #[must_use]
    pub fn plain_texts(&self, text: &str, options: ReadingOptions) -> Vec<PlainText> {
        let own = std::iter::once((text, false));
        let decoded = self.readings.iter().map(|reading| (reading.as_str(), true));
        let plain = |((text, hidden), known): (_, &Option<Vec<Token>>)| {
            let characters = options.characters(text);
            let text = match known {
                Some(known) => words(&characters, known),
                None => {
                    let mut found = Vec::new();
                    tokens(&characters, &mut found);
                    words(&characters, &found)
                }
            };
            PlainText { text, hidden }
        };
        own.chain(decoded).zip(&self.tokens).map(plain).collect()
    }
}

fn words(text: &str, tokens: &[Token]) -> String {
    let mut words = String::with_capacity(text.len() + tokens.len());
    for token in tokens {
        if !words.is_empty() {
            words.push(' ');
        }
        // Marks of emphasis inside a word are no part of it, nor is what
        // separates letters that were written apart.
        let word = &text[token.range()];
        let start = words.len();
        if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            words.push_str(word);
            words[start..].make_ascii_lowercase();
            continue;
        }
        let inside = |c: &char| is_alphanumeric(*c) || *c == '\'' || token.is_sign();
        let inside = word.chars().filter(inside);
        for c in inside {
            if is_lower(c) {
                words.push(c);
            } else {
                words.extend(c.to_lowercase());
            }
        }
    }
    words
}
