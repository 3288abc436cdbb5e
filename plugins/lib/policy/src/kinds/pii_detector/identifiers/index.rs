//! [`IdentifierIndex`]: which forms can begin at a position.

use super::form::{Form, Next, Run, is_joined_left};
use super::head::Head;
use super::identifier::{Beginning, Identifier, Reader};
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
    readers: Vec<(usize, Beginning, Reader)>,
}

/// The forms that can begin with some run.
#[derive(Debug)]
struct Bucket {
    /// Those that are enough for themselves.
    alone: Forms,
    /// Those that a word must announce.
    named: Forms,
}

/// Forms that begin alike.
#[derive(Debug)]
struct Forms {
    indices: Vec<u16>,
    /// The last offset at which all of them have a digit, if there is one.
    digit: Option<usize>,
}

impl Forms {
    fn new(forms: &[(usize, &IndexedForm)]) -> Self {
        // Some hundred forms.
        let indices = forms.iter().map(|(at, _)| u16::try_from(*at));
        let heads = forms.iter().map(|(_, form)| form.head);
        Self {
            indices: indices.filter_map(Result::ok).collect(),
            digit: Head::last_digit(heads),
        }
    }

    /// Whether any may be at `at`, by one byte.
    #[inline]
    fn may_be(&self, view: View<'_>, at: usize) -> bool {
        !self.indices.is_empty()
            && self.digit.is_none_or(|offset| {
                let byte = view.text.get(at + offset);
                byte.map_or(!view.complete, u8::is_ascii_digit)
            })
    }
}

/// A form with its kind.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct IndexedForm {
    /// The index of the kind in the list that the index was made of.
    pub(in super::super) kind: usize,
    pub(in super::super) form: Form,
    /// What its first characters are.
    head: Head,
}

/// What takes the forms and readers that can begin at a position.
pub(in super::super) trait Candidates {
    /// Returns whether a word announces an identifier of any kind.
    fn is_any_announced(&mut self, progress: &mut Progress) -> bool;

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
                forms.push(IndexedForm {
                    kind,
                    form: *form,
                    head: form.head(),
                });
                form.first()
                    .for_each(|byte| first[usize::from(byte)] = true);
            }
            if let Some((beginning, reader)) = identifier.reader {
                readers.push((kind, beginning, reader));
                beginning
                    .bytes
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
                    let found = forms.iter().enumerate().filter(begins);
                    let (named, alone) = found.partition::<Vec<_>, _>(|(_, f)| f.form.named);
                    buckets.push(Bucket {
                        alone: Forms::new(&alone),
                        named: Forms::new(&named),
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
        if !self.can_begin(view, at) || is_joined_left(text, at) {
            return;
        }
        for (kind, beginning, read) in &self.readers {
            if beginning.may_be(view, at) {
                candidates.reader(*kind, *read, progress);
            }
        }
        let length = run_length(text, at);
        progress.steps += length;
        if length > MAX_RUN {
            return;
        }
        let Some(bucket) = self.bucket(view, at, length) else {
            // The rest of the text decides: every form may go on.
            for form in &self.forms {
                candidates.form(*form, progress);
            }
            return;
        };
        let (alone, named) = (&bucket.alone, &bucket.named);
        let (is_alone, is_named) = (alone.may_be(view, at), named.may_be(view, at));
        if !is_alone && !is_named {
            return;
        }
        let head = Head::at(view, at);
        if is_alone {
            for form in self.fitting(alone, head) {
                candidates.form(*form, progress);
            }
        }
        if is_named
            && self.fitting(named, head).next().is_some()
            && candidates.is_any_announced(progress)
        {
            for form in self.fitting(named, head) {
                candidates.form(*form, progress);
            }
        }
    }

    /// Returns whether any form or reader may begin at `at`, where a word begins that is not
    /// joined; `is_announced` says whether a word may announce it.
    pub(in super::super) fn may_begin(
        &self,
        view: View<'_>,
        at: usize,
        is_announced: bool,
    ) -> bool {
        if !self.can_begin(view, at) {
            return false;
        }
        let mut readers = self.readers.iter();
        if readers.any(|(_, beginning, _)| beginning.may_be(view, at)) {
            return true;
        }
        let length = run_length(view.text, at);
        if length > MAX_RUN {
            return false;
        }
        let Some(bucket) = self.bucket(view, at, length) else {
            return true;
        };
        let (alone, named) = (&bucket.alone, &bucket.named);
        let is_alone = alone.may_be(view, at);
        let is_named = is_announced && named.may_be(view, at);
        if !is_alone && !is_named {
            return false;
        }
        let head = Head::at(view, at);
        (is_alone && self.fitting(alone, head).next().is_some())
            || (is_named && self.fitting(named, head).next().is_some())
    }

    #[inline]
    fn can_begin(&self, view: View<'_>, at: usize) -> bool {
        let byte = view.text[at];
        self.first[usize::from(byte)] && (byte.is_ascii_digit() || has_digit(view, at))
    }

    fn fitting(&self, forms: &Forms, head: Head) -> impl Iterator<Item = &IndexedForm> {
        let forms = forms
            .indices
            .iter()
            .map(|index| &self.forms[usize::from(*index)]);
        forms.filter(move |form| head.fits(form.head))
    }

    /// Returns the forms that can begin with a run; `None` if the run can go on.
    fn bucket(&self, view: View<'_>, at: usize, length: usize) -> Option<&Bucket> {
        let next = match view.text.get(at + length) {
            Some(next) => Next::of(*next),
            None if view.complete => Next::Other,
            None => return None,
        };
        Some(
            &self.buckets[bucket(Run {
                digits: view.text[at].is_ascii_digit(),
                length,
                next,
            })],
        )
    }
}

/// How many letters or digits, as the first byte is one, stand together at `at`: one more than
/// [`MAX_RUN`] at most.
fn run_length(text: &[u8], at: usize) -> usize {
    let rest = text[at..].iter().take(MAX_RUN + 1);
    if text[at].is_ascii_digit() {
        rest.take_while(|byte| byte.is_ascii_digit()).count()
    } else {
        rest.take_while(|byte| byte.is_ascii_alphabetic()).count()
    }
}

fn bucket(run: Run) -> usize {
    let side = usize::from(run.digits) * (MAX_RUN + 1);
    (side + run.length) * Next::ALL.len() + run.next as usize
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
