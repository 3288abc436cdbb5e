//! Secrets with a prefix: the prefix, and what follows it.

use super::allowed::is_documented;
use super::value::is_placeholder;
use crate::chain::{Match, View};

/// A format of a secret.
pub(super) struct Format {
    /// What it begins with.
    pub(super) prefix: &'static str,
    /// The kind, as findings name it.
    pub(super) kind: &'static str,
    /// The bytes behind the prefix.
    pub(super) class: Class,
    /// The least and the greatest number of them.
    pub(super) length: (usize, usize),
}

/// A set of ASCII bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Lower-case hexadecimal digits.
    Hex,
    /// Upper-case letters and digits.
    Upper,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `_` and `-`.
    Token,
    /// Those of `Token` and `.`.
    Dotted,
    /// Letters, digits, `+`, `/` and `=`.
    Base64,
    /// Those of `Token` and `/`.
    Path,
    /// Those of `Token` and `$`.
    Dollar,
}

impl Class {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Token => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => Self::Token.has(byte) || byte == b'.',
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Self::Path => Self::Token.has(byte) || byte == b'/',
            Self::Dollar => Self::Token.has(byte) || byte == b'$',
        }
    }
}

impl Format {
    /// Returns the prefix, or if it has two bytes, each that it can go on with.
    fn beginnings(&self) -> Vec<Vec<u8>> {
        let prefix = self.prefix.as_bytes();
        if prefix.len() > 2 {
            return vec![prefix.to_owned()];
        }
        let third = (0..=u8::MAX).filter(|byte| self.class.has(*byte));
        third.map(|byte| [prefix, &[byte]].concat()).collect()
    }

    /// Looks for a secret of this format at `at`, where its first two bytes stand.
    pub(super) fn at(&self, view: View<'_>, at: usize, steps: &mut usize) -> Match {
        let rest = &view.text[at..];
        let prefix = self.prefix.as_bytes();
        let common = rest.iter().zip(prefix).take_while(|(a, b)| a == b).count();
        *steps += common;
        if common < prefix.len() {
            // The prefix is no secret: a word that begins so need not wait.
            let word = view.may_leave(at, |byte| {
                byte.is_ascii_alphabetic() || matches!(byte, b':' | b'/')
            });
            return open_if(!view.complete && common == rest.len() && !word);
        }
        let (least, most) = self.length;
        let body = &rest[common..];
        let run = body.iter().take(most + 1);
        let mut length = run.take_while(|byte| self.class.has(**byte)).count();
        *steps += length;
        if view.is_open_at(at + common + length) && length <= most {
            return Match::Open;
        }
        // A full stop ends the sentence, not the secret.
        while length > 0 && body[length - 1] == b'.' {
            length -= 1;
        }
        if length > most {
            return Match::None;
        }
        let end = at + common + length;
        let goes_on = view.text.get(end).is_some_and(u8::is_ascii_alphanumeric);
        let body = &body[..length];
        let plausible = body.iter().any(u8::is_ascii_digit) && !is_placeholder(body);
        if length < least || goes_on || !plausible || is_documented(&view.text[at..end]) {
            return Match::None;
        }
        Match::End(end)
    }
}

fn open_if(open: bool) -> Match {
    if open { Match::Open } else { Match::None }
}

/// The formats, by the first two bytes of their prefixes.
pub(super) struct Formats {
    /// A bit for each pair of bytes of ASCII.
    pairs: Vec<u64>,
    /// Where the formats of each first byte begin; they are sorted.
    first: [u16; 129],
    formats: &'static [Format],
}

impl Formats {
    pub(super) fn new(formats: &'static [Format]) -> Self {
        let mut pairs = vec![0; 128 * 128 / 64];
        for format in formats {
            if let [first, second, ..] = format.prefix.as_bytes() {
                let pair = usize::from(*first) * 128 + usize::from(*second);
                pairs[pair / 64] |= 1 << (pair % 64);
            }
        }
        let mut first = [0; 129];
        for (byte, from) in (0..=128_u8).zip(&mut first) {
            let before = formats.partition_point(|format| format.prefix.as_bytes()[0] < byte);
            // Some hundred formats.
            *from = u16::try_from(before).unwrap_or(u16::MAX);
        }
        Self {
            pairs,
            first,
            formats,
        }
    }

    /// Returns what they begin with, three bytes or more.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = Vec<u8>> {
        self.formats.iter().flat_map(Format::beginnings)
    }

    /// Whether any format begins with a byte.
    fn begins_with(&self, byte: u8) -> bool {
        self.formats
            .iter()
            .any(|format| format.prefix.as_bytes()[0] == byte)
    }

    /// Whether any format can begin at `at`, by its first two bytes.
    #[inline]
    pub(super) fn may_begin(&self, text: &[u8], at: usize) -> bool {
        match text[at..] {
            [first, second, ..] if first.is_ascii() && second.is_ascii() => {
                let pair = usize::from(first) * 128 + usize::from(second);
                self.pairs[pair / 64] >> (pair % 64) & 1 != 0
            }
            [first] => self.begins_with(first),
            _ => false,
        }
    }

    /// Looks for the formats that begin with the byte at `at`; calls `take` with the index of each
    /// that may match.
    pub(super) fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        steps: &mut usize,
        mut take: impl FnMut(usize, Match),
    ) {
        let first = usize::from(view.text[at]);
        let (Some(from), Some(end)) = (self.first.get(first), self.first.get(first + 1)) else {
            return;
        };
        let second = view.text.get(at + 1);
        for index in usize::from(*from)..usize::from(*end) {
            let format = &self.formats[index];
            // Most formats differ in the second byte.
            if second.is_some_and(|byte| *byte != format.prefix.as_bytes()[1]) {
                continue;
            }
            match format.at(view, at, steps) {
                Match::None => {}
                found => take(index, found),
            }
        }
    }
}
