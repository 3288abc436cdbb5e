//! [`Form`]: how an identifier is written.

use super::head::{Head, is_class};
use crate::chain::View;
use crate::text::is_word;

/// Longest identifier that a form describes, in letters and digits.
const MAX_LENGTH: usize = 24;
/// Bytes behind an identifier that are looked at.
const LOOKAHEAD_BYTES: usize = 3;

/// How an identifier is written. In a picture
///
/// - `d` is a digit, `A` a capital letter, `a` a letter, `X` a digit or a capital letter, `h` a
///   hexadecimal digit, `k` a digit, `K` or `X`, `s` a sign or letter of a century;
/// - `_` is a space or a hyphen, each time the same one, and a space can be a line break;
/// - everything else stands for itself.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Form {
    pub(in super::super) picture: &'static str,
    /// Whether a word must announce it.
    pub(in super::super) named: bool,
}

/// A form that is enough for itself.
pub(super) const fn alone(picture: &'static str) -> Form {
    Form {
        picture,
        named: false,
    }
}

/// A form that a word must announce.
pub(super) const fn named(picture: &'static str) -> Form {
    Form {
        picture,
        named: true,
    }
}

/// The letters and digits of an identifier, in capitals.
#[derive(Debug, Default)]
pub(in super::super) struct Read {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Read {
    pub(in super::super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte.to_ascii_uppercase();
            self.length += 1;
        }
    }
}

/// Where a form ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Boundary {
    /// The text has another form.
    None,
    /// Text that has not arrived decides.
    Open,
    /// The form ends before this offset.
    End(usize),
}

impl Form {
    /// Reads the form at `at`, where a word begins.
    pub(in super::super) fn read(&self, view: View<'_>, at: usize, read: &mut Read) -> Boundary {
        let text = view.text;
        read.length = 0;
        let mut sign = None;
        let mut end = at;
        for part in self.picture.bytes() {
            let Some(byte) = text.get(end).copied() else {
                return if view.complete {
                    Boundary::None
                } else {
                    Boundary::Open
                };
            };
            let byte = if byte == b'\n' { b' ' } else { byte };
            if part == b'_' {
                if !matches!(byte, b' ' | b'-') || *sign.get_or_insert(byte) != byte {
                    return Boundary::None;
                }
            } else if !accepts(part, byte) {
                return Boundary::None;
            } else if is_class(part) || byte.is_ascii_alphanumeric() {
                read.push(byte);
            }
            end += 1;
        }
        if !view.complete && end + LOOKAHEAD_BYTES > text.len() {
            return Boundary::Open;
        }
        if is_joined_right(text, end) || (!self.named && goes_on(text, at, end)) {
            return Boundary::None;
        }
        Boundary::End(end)
    }

    /// Whether it can begin with a run of letters or of digits, and then a byte of a class.
    pub(super) fn can_begin(&self, run: Run) -> bool {
        let picture = self.picture.as_bytes();
        let sample: &[u8] = if run.digits { b"0" } else { b"AQ" };
        let head = picture.get(..run.length);
        let fits = |part: &u8| is_class(*part) && sample.iter().any(|byte| accepts(*part, *byte));
        let literal = |part: &u8| {
            if run.digits {
                part.is_ascii_digit()
            } else {
                part.is_ascii_uppercase() && !is_class(*part)
            }
        };
        if !head.is_some_and(|head| head.iter().all(|part| fits(part) || literal(part))) {
            return false;
        }
        match (picture.get(run.length), run.next) {
            (None, next) => next != Next::Alphanumeric,
            (Some(part), Next::Alphanumeric) => {
                let other: &[u8] = if run.digits { b"AKBX" } else { b"0" };
                other.iter().any(|byte| accepts(*part, *byte)) || part.is_ascii_alphanumeric()
            }
            (Some(b'_'), next) => matches!(next, Next::Space | Next::Hyphen),
            (Some(b's'), next) => matches!(next, Next::Hyphen | Next::Other),
            (Some(part), next) => !part.is_ascii_alphanumeric() && Next::of(*part) == next,
        }
    }

    /// Returns what its first characters are.
    pub(super) fn head(&self) -> Head {
        Head::of_picture(self.picture)
    }

    /// The bytes that it can begin with.
    pub(super) fn first(&self) -> impl Iterator<Item = u8> + use<> {
        let part = self.picture.as_bytes()[0];
        (0..=u8::MAX).filter(move |byte| accepts(part, *byte))
    }
}

/// What stands at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Whether it begins with digits, or with letters.
    pub(super) digits: bool,
    /// How many there are.
    pub(super) length: usize,
    /// What follows.
    pub(super) next: Next,
}

/// The class of a byte behind a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Alphanumeric,
    Space,
    Hyphen,
    Dot,
    Slash,
    Other,
}

impl Next {
    pub(super) const ALL: [Self; 6] = [
        Self::Alphanumeric,
        Self::Space,
        Self::Hyphen,
        Self::Dot,
        Self::Slash,
        Self::Other,
    ];

    pub(super) fn of(byte: u8) -> Self {
        match byte {
            b' ' | b'\n' => Self::Space,
            b'-' => Self::Hyphen,
            b'.' => Self::Dot,
            b'/' => Self::Slash,
            byte if byte.is_ascii_alphanumeric() => Self::Alphanumeric,
            _ => Self::Other,
        }
    }
}

fn accepts(part: u8, byte: u8) -> bool {
    match part {
        b'd' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_uppercase(),
        b'a' => byte.is_ascii_alphabetic(),
        b'X' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        b'h' => byte.is_ascii_hexdigit(),
        b'k' => byte.is_ascii_digit() || matches!(byte, b'K' | b'k' | b'X' | b'x'),
        b's' => matches!(byte, b'+' | b'-' | b'A'..=b'F' | b'U'..=b'Y'),
        literal => byte == literal,
    }
}

/// Whether the identifier is the end of something longer: a letter, a digit, or either behind a
/// joining sign stands before it.
pub(in super::super) fn is_joined_left(text: &[u8], at: usize) -> bool {
    match &text[..at] {
        [.., before, sign] if is_joining(*sign) => {
            before.is_ascii_alphanumeric() || matches!(sign, b'_' | b'#')
        }
        [.., byte] => is_word(*byte) || *byte == b'#',
        [] => false,
    }
}

/// The same for what stands at `end`.
fn is_joined_right(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        // `-b66c` goes on a UUID; a word after a hyphen ends a sentence.
        [b'-', first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_digit() => true,
        [sign, byte, ..] if is_joining(*sign) => byte.is_ascii_digit(),
        [byte, ..] => is_word(*byte),
        [] => false,
    }
}

fn is_joining(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'_' | b'#')
}

/// Whether it is a part of a list of numbers: one more stands before it or behind it.
fn goes_on(text: &[u8], at: usize, end: usize) -> bool {
    let spaces = text[at..end].contains(&b' ');
    let before = matches!(&text[..at], [.., digit, b' '] if digit.is_ascii_digit());
    let behind = matches!(&text[end..], [b' ', digit, ..] if digit.is_ascii_digit());
    spaces && (before || behind)
}

#[cfg(test)]
mod tests {
    use super::super::identifiers;
    use super::{Boundary, Head, Read};
    use crate::chain::View;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_has_a_form_has_its_head(
            kind in 0_usize..1000,
            random in prop::collection::vec("[0-9A-Za-z ./+\n-]", 32),
            cut in 0_usize..40,
        ) {
            let forms: Vec<_> = identifiers().flat_map(|identifier| identifier.forms).collect();
            let form = forms[kind % forms.len()];
            // A text of nearly the form.
            let parts = form.picture.chars().zip(&random);
            let text: String = parts.map(|(part, other)| match part {
                'd' if other.as_bytes()[0].is_ascii_digit() => other.clone(),
                'd' => "7".to_owned(),
                'A' | 'X' | 'a' | 'k' | 'h' if other.as_bytes()[0] % 2 == 0 => other.clone(),
                'A' | 'X' | 'a' | 'k' | 'h' => "A".to_owned(),
                '_' => " ".to_owned(),
                's' => "-".to_owned(),
                literal => literal.to_string(),
            }).collect();
            let text = &text[..text.len().min(cut)];
            for complete in [false, true] {
                let view = View::new(text.as_bytes(), complete);
                if !text.is_empty() && form.read(view, 0, &mut Read::default()) != Boundary::None {
                    prop_assert!(Head::at(view, 0).fits(form.head()), "{:?} {text:?}", form);
                }
            }
        }
    }
}
