//! JSON that arrives in pieces, filtered so that it stays valid.
//!
//! A value is released as soon as its string is decided. Keys, numbers, and strings that are JSON
//! themselves are held until they are complete.

use super::document::evaluate_response;
use super::json_scalar::ScalarFilter;
use super::json_string::{StringFilter, StringStep};
use crate::chain::{Block, Chain, Decision, Finding, merge_findings};
use crate::json::{MAX_DEPTH, is_number, unescape};

/// The maximum length of a key, or of a number with the blanks after it, that is held.
const MAX_TOKEN_BYTES: usize = 4096;
/// The maximum length of a string that is JSON itself.
const MAX_NESTED_BYTES: usize = 1024 * 1024;

/// What became of a piece.
pub(super) enum Outcome {
    Continues,
    Blocked(Block),
    /// The text is not JSON; this is the rest of it, with what was held.
    NotJson(String),
}

/// Why a character is not accepted.
enum Stop {
    Block(Block),
    /// It is not JSON; this was held.
    Syntax(String),
}

impl From<Block> for Stop {
    fn from(block: Block) -> Self {
        Self::Block(block)
    }
}

/// What may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    /// Another document.
    Nothing,
}

enum Token {
    /// Between two tokens.
    None,
    /// A number, or a word such as `true`, with the blanks after it.
    Scalar(String),
    /// A key from its quote on.
    Key {
        raw: String,
        escaped: bool,
    },
    /// The quote of a string.
    Quote,
    String(Box<StringFilter>),
    /// The inside of a string that is JSON itself.
    Nested {
        raw: String,
        escaped: bool,
    },
}

/// The filter of a document.
pub(super) struct JsonDocument {
    chain: Chain,
    /// The open values. Each has the key of its last member; arrays have none.
    open: Vec<Option<String>>,
    expected: Expected,
    token: Token,
    scalars: ScalarFilter,
}

impl JsonDocument {
    pub(super) fn new(chain: &Chain) -> Self {
        Self {
            chain: chain.clone(),
            open: Vec::new(),
            expected: Expected::Value,
            token: Token::None,
            scalars: ScalarFilter::new(chain),
        }
    }

    /// Takes a piece, and appends what is decided to `out`.
    pub(super) fn push(&mut self, piece: &str, out: &mut String) -> Outcome {
        for (at, c) in piece.char_indices() {
            match self.push_char(c, out) {
                Ok(()) => {}
                Err(Stop::Block(block)) => return Outcome::Blocked(block),
                Err(Stop::Syntax(held)) => return Outcome::NotJson(held + &piece[at..]),
            }
        }
        if let Token::String(string) = &mut self.token
            && let Err(block) = string.release(false, out)
        {
            return Outcome::Blocked(block);
        }
        Outcome::Continues
    }

    /// Releases what is held: the text ends here, or is interrupted.
    pub(super) fn finish(&mut self, out: &mut String) -> Option<Block> {
        let result = match std::mem::replace(&mut self.token, Token::None) {
            Token::None => Ok(()),
            Token::Quote => {
                self.token = Token::Quote;
                Ok(())
            }
            Token::Scalar(text) => self.release_scalar(&text, out),
            Token::Key { raw, escaped } => {
                self.token = Token::Key {
                    raw: String::new(),
                    escaped,
                };
                self.release_key(&raw, out)
            }
            Token::String(mut string) => {
                let result = string.release(true, out);
                self.token = Token::String(string);
                result
            }
            Token::Nested { raw, .. } => {
                let (mut string, is_valid) = self.decode_nested(&raw);
                let result = if is_valid {
                    string.release(true, out)
                } else {
                    string = StringFilter::new(&self.chain, self.label());
                    self.scalars.release_plain(&raw, out)
                };
                self.token = Token::String(Box::new(string));
                result
            }
        };
        result.err()
    }

    /// Releases what need not wait any longer, because the text has paused.
    pub(super) fn pause(&mut self, out: &mut String) -> Option<Block> {
        match &mut self.token {
            Token::String(string) => string.pause(out).err(),
            _ => None,
        }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.scalars.findings.clone();
        if let Token::String(string) = &self.token {
            merge_findings(&mut findings, string.findings());
        }
        findings
    }

    pub(super) fn is_holding(&self) -> bool {
        match &self.token {
            Token::None | Token::Quote => false,
            Token::Scalar(raw) | Token::Key { raw, .. } | Token::Nested { raw, .. } => {
                !raw.is_empty()
            }
            Token::String(string) => string.is_holding(),
        }
    }

    fn push_char(&mut self, c: char, out: &mut String) -> Result<(), Stop> {
        match &mut self.token {
            Token::None => self.begin(c, out),
            Token::Scalar(text) => {
                let has_ended = text.ends_with(is_blank);
                if is_blank(c) || (!has_ended && is_scalar(c)) {
                    text.push(c);
                    return self.check_length();
                }
                let text = std::mem::take(text);
                let is_valid = is_number(text.trim_end())
                    || matches!(text.trim_end(), "true" | "false" | "null");
                if !is_valid || !matches!(c, ',' | ']' | '}') {
                    return Err(Stop::Syntax(text));
                }
                self.token = Token::None;
                self.release_scalar(&text, out)?;
                self.begin(c, out)
            }
            Token::Key { raw, escaped } => {
                let ends = c == '"' && !*escaped;
                *escaped = c == '\\' && !*escaped;
                if !ends {
                    raw.push(c);
                    return self.check_length();
                }
                let raw = std::mem::take(raw);
                self.token = Token::None;
                self.expected = Expected::Colon;
                self.release_key(&raw, out)?;
                out.push('"');
                Ok(())
            }
            Token::Quote if matches!(c, '{' | '[') => {
                self.token = Token::Nested {
                    raw: c.to_string(),
                    escaped: false,
                };
                Ok(())
            }
            Token::Quote => {
                self.token = Token::String(Box::new(StringFilter::new(&self.chain, self.label())));
                self.push_char(c, out)
            }
            Token::String(string) => match string.push(c) {
                StringStep::Continues => Ok(()),
                StringStep::Invalid => Err(self.not_a_string(out)),
                StringStep::Ends => {
                    string.release(true, out)?;
                    merge_findings(&mut self.scalars.findings, string.findings());
                    out.push('"');
                    self.end_value();
                    Ok(())
                }
            },
            Token::Nested { raw, escaped } => {
                let ends = c == '"' && !*escaped;
                *escaped = c == '\\' && !*escaped;
                if !ends {
                    raw.push(c);
                    return self.check_length();
                }
                let raw = std::mem::take(raw);
                self.end_nested(&raw, out)
            }
        }
    }

    /// Takes a character between two tokens.
    fn begin(&mut self, c: char, out: &mut String) -> Result<(), Stop> {
        use Expected::{Colon, CommaOrEnd, Key, KeyOrEnd, Nothing, Value, ValueOrEnd};
        let is_value = matches!(self.expected, Value | ValueOrEnd);
        match c {
            c if is_blank(c) => {}
            '{' | '[' if is_value || self.expected == Nothing => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(Stop::Syntax(String::new()));
                }
                self.open.push((c == '{').then(String::new));
                self.expected = if c == '{' { KeyOrEnd } else { ValueOrEnd };
            }
            '}' if matches!(self.expected, KeyOrEnd | CommaOrEnd)
                && matches!(self.open.last(), Some(Some(_))) =>
            {
                self.open.pop();
                self.end_value();
            }
            ']' if matches!(self.expected, ValueOrEnd | CommaOrEnd)
                && self.open.last() == Some(&None) =>
            {
                self.open.pop();
                self.end_value();
            }
            ',' if self.expected == CommaOrEnd => {
                let in_object = matches!(self.open.last(), Some(Some(_)));
                self.expected = if in_object { Key } else { Value };
            }
            ':' if self.expected == Colon => self.expected = Value,
            '"' if matches!(self.expected, Key | KeyOrEnd) => {
                self.token = Token::Key {
                    raw: String::new(),
                    escaped: false,
                };
            }
            '"' if is_value => self.token = Token::Quote,
            c if is_value && is_scalar(c) => {
                self.token = Token::Scalar(c.to_string());
                return Ok(());
            }
            _ => return Err(Stop::Syntax(String::new())),
        }
        out.push(c);
        Ok(())
    }

    /// The key that the next value belongs to.
    fn label(&self) -> &str {
        match self.open.last() {
            Some(Some(key)) => key,
            _ => "",
        }
    }

    fn end_value(&mut self) {
        self.token = Token::None;
        self.expected = match self.open.last() {
            Some(_) => Expected::CommaOrEnd,
            None => Expected::Nothing,
        };
    }

    /// Ends the hold of a token that is too long.
    fn check_length(&mut self) -> Result<(), Stop> {
        match &mut self.token {
            Token::Scalar(raw) | Token::Key { raw, .. } if raw.len() > MAX_TOKEN_BYTES => {
                // The caller has the last character.
                raw.pop();
                Err(Stop::Syntax(std::mem::take(raw)))
            }
            Token::Nested { raw, .. } if raw.len() > MAX_NESTED_BYTES => {
                let raw = std::mem::take(raw);
                let (string, is_valid) = self.decode_nested(&raw);
                self.token = Token::String(Box::new(string));
                if is_valid {
                    Ok(())
                } else {
                    self.token = Token::None;
                    let held = raw.strip_suffix(|_| true).unwrap_or_default();
                    Err(Stop::Syntax(held.to_owned()))
                }
            }
            _ => Ok(()),
        }
    }

    /// Ends a string that is not valid. What is decided is released first, so that the result
    /// does not depend on how the text was split.
    fn not_a_string(&mut self, out: &mut String) -> Stop {
        let Token::String(mut string) = std::mem::replace(&mut self.token, Token::None) else {
            return Stop::Syntax(String::new());
        };
        let released = string.release(false, out);
        merge_findings(&mut self.scalars.findings, string.findings());
        match released {
            Ok(()) => Stop::Syntax(string.into_held()),
            Err(block) => Stop::Block(block),
        }
    }

    fn release_scalar(&mut self, text: &str, out: &mut String) -> Result<(), Block> {
        let label = match self.open.last() {
            Some(Some(key)) => key.as_str(),
            _ => "",
        };
        let result = self.scalars.release_number(text, label, out);
        self.end_value();
        result
    }

    fn release_key(&mut self, raw: &str, out: &mut String) -> Result<(), Block> {
        let (text, _) = unescape(raw);
        if let Some(Some(key)) = self.open.last_mut() {
            text.as_ref().clone_into(key);
        }
        self.scalars.release_key(raw, out)
    }

    /// Ends a string that is JSON itself.
    fn end_nested(&mut self, raw: &str, out: &mut String) -> Result<(), Stop> {
        const PREFIX: &str = "{\"arguments\":\"";
        const SUFFIX: &str = "\"}";
        let document = format!("{PREFIX}{raw}{SUFFIX}");
        let Ok(evaluated) = evaluate_response(&self.chain, &document) else {
            // Not a valid string, such as one with control characters.
            let (mut string, is_valid) = self.decode_nested(raw);
            if !is_valid {
                self.token = Token::None;
                return Err(Stop::Syntax(raw.to_owned()));
            }
            let result = string.release(true, out);
            merge_findings(&mut self.scalars.findings, string.findings());
            result?;
            out.push('"');
            self.end_value();
            return Ok(());
        };
        merge_findings(&mut self.scalars.findings, &evaluated.evaluation.findings);
        if let Decision::Block(block) = &evaluated.evaluation.decision {
            return Err(block.clone().into());
        }
        let redacted = evaluated.redact(&document);
        let inside = redacted.strip_prefix(PREFIX);
        let inside = inside.and_then(|rest| rest.strip_suffix(SUFFIX));
        out.push_str(inside.unwrap_or_default());
        out.push('"');
        self.end_value();
        Ok(())
    }

    /// Returns the filter of a string with this inside, and whether it is valid.
    fn decode_nested(&self, raw: &str) -> (StringFilter, bool) {
        let mut string = StringFilter::new(&self.chain, self.label());
        let is_valid = raw.chars().all(|c| string.push(c) == StringStep::Continues);
        (string, is_valid)
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether a character belongs to a number or a word.
fn is_scalar(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'E')
}
