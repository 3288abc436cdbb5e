//! [`IdentifierIndex`]: which forms can begin at a position.

use super::form::{Form, Next, Run, is_joined_left};
use super::identifier::{Identifier, Reader};
use crate::chain::{Progress, View};

/// Longest run of letters or digits that a form can begin with.
const MAX_RUN: usize = 20;
/// A form that begins with letters has a digit among the first bytes.
const LETTERS: usize = 8;

/// The forms of the kinds that are looked for, by what they begin with. Nearly every word and
/// number of a text is left after a look at its first bytes.
#[derive(Debug)]
pub(in super::super) struct IdentifierIndex {
    /// Whether any can begin with a byte.
    first: [bool; 256],
    forms: Vec<IndexedForm>,
    /// The forms by [`bucket`].
    buckets: Vec<Bucket>,
    readers: Vec<(usize, &'static [u8], Reader)>,
}

/// The forms that can begin with some run.
#[derive(Debug)]
struct Bucket {
    /// Least digits of any of them among the first [`HEAD`] characters.
    digits: usize,
    forms: Vec<u16>,
}

/// A form with its kind.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct IndexedForm {
    /// The index of the kind in the list that the index was made of.
    pub(in super::super) kind: usize,
    pub(in super::super) form: Form,
    /// Least digits among the first [`HEAD`] characters.
    digits: usize,
}

/// Characters among which the digits of a form are counted.
const HEAD: usize = 12;

/// What takes the forms and readers that can begin at a position.
pub(in super::super) trait Candidates {
    /// Takes a form.
    fn form(&mut self, form: IndexedForm, progress: &mut Progress);

    /// Takes the function that reads a kind.
    fn reader(&mut self, kind: usize, reader: Reader, progress: &mut Progress);
}

impl IdentifierIndex {
    pub(in super::super) fn new(kinds: impl Iterator<Item = &'static Identifier>) -> Self {
        let mut first = [false; 256];
        let mut forms = Vec::new();
        let mut readers = Vec::new();
        for (kind, identifier) in kinds.enumerate() {
            for form in identifier.forms {
                let head = form.picture.bytes().take(HEAD);
                forms.push(IndexedForm {
                    kind,
                    form: *form,
                    digits: head
                        .filter(|part| matches!(part, b'd' | b'0'..=b'9'))
                        .count(),
                });
                form.first()
                    .for_each(|byte| first[usize::from(byte)] = true);
            }
            if let Some((bytes, reader)) = identifier.reader {
                readers.push((kind, bytes, reader));
                bytes
                    .iter()
                    .for_each(|byte| first[usize::from(*byte)] = true);
            }
        }
        let mut buckets = Vec::new();
        for digits in [false, true] {
            for length in 0..=MAX_RUN {
                for next in Next::ALL {
                    let run = Run {
                        digits,
                        length,
                        next,
                    };
                    let begins = |form: &(usize, &IndexedForm)| form.1.form.can_begin(run);
                    let found = forms.iter().enumerate().filter(begins).map(|(at, _)| at);
                    let found: Vec<usize> = found.collect();
                    let digits = found.iter().map(|at| forms[*at].digits).min();
                    buckets.push(Bucket {
                        digits: digits.unwrap_or(HEAD + 1),
                        // Some hundred forms.
                        forms: found
                            .into_iter()
                            .filter_map(|at| u16::try_from(at).ok())
                            .collect(),
                    });
                }
            }
        }
        Self {
            first,
            forms,
            buckets,
            readers,
        }
    }

    /// Passes on the forms and readers that can begin at `at`, where a word begins.
    pub(in super::super) fn candidates(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        candidates: &mut impl Candidates,
    ) {
        let text = view.text;
        let byte = text[at];
        if !self.first[usize::from(byte)] || (!byte.is_ascii_digit() && !has_digit(view, at)) {
            return;
        }
        if is_joined_left(text, at) {
            return;
        }
        for (kind, bytes, read) in &self.readers {
            if bytes.contains(&byte) {
                candidates.reader(*kind, *read, progress);
            }
        }
        let rest = &text[at..];
        let digits = byte.is_ascii_digit();
        let same = |b: &&u8| b.is_ascii_digit() == digits && b.is_ascii_alphanumeric();
        let length = rest.iter().take(MAX_RUN + 1).take_while(same).count();
        progress.steps += length;
        if length > MAX_RUN {
            return;
        }
        let head = &rest[..rest.len().min(HEAD)];
        let available = head.iter().filter(|byte| byte.is_ascii_digit()).count();
        match rest.get(length) {
            Some(next) => {
                let run = Run {
                    digits,
                    length,
                    next: Next::of(*next),
                };
                let open = !view.complete && rest.len() < HEAD;
                let bucket = &self.buckets[bucket(run)];
                if bucket.digits > available && !open {
                    return;
                }
                for index in &bucket.forms {
                    let form = &self.forms[usize::from(*index)];
                    let enough = form.digits <= available || open;
                    if enough && (digits || form.form.begins_with(byte)) {
                        candidates.form(*form, progress);
                    }
                }
            }
            // The rest of the text decides: every form may go on.
            None => {
                for form in &self.forms {
                    candidates.form(*form, progress);
                }
            }
        }
    }
}

fn bucket(run: Run) -> usize {
    let next = Next::ALL.iter().position(|n| *n == run.next);
    let side = usize::from(run.digits) * (MAX_RUN + 1);
    (side + run.length) * Next::ALL.len() + next.unwrap_or_default()
}

/// Whether a digit is among the first bytes, or may still arrive there. Nearly no word of prose
/// has one.
fn has_digit(view: View<'_>, at: usize) -> bool {
    let rest = &view.text[at..];
    match rest.first_chunk::<LETTERS>() {
        Some(head) => head
            .iter()
            .fold(false, |any, byte| any | byte.is_ascii_digit()),
        None => {
            let letters =
                |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b' ' | b'\n' | b'-');
            rest.iter().any(u8::is_ascii_digit)
                || (!view.complete && rest.iter().all(|b| letters(b) || b.is_ascii_lowercase()))
        }
    }
}
