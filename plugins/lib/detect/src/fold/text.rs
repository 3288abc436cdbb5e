//! Folding of a whole text.

use std::borrow::Cow;
use std::ops::Range;

use super::confusable::look_alike;
use super::map::{self, Segment};
use super::table::fold_of;
use crate::alphabet::{is_alphanumeric, is_letter};

/// A folded text and the way back to the original.
#[derive(Debug, Clone)]
pub struct Folded<'t> {
    /// The folded text; borrowed when it is the original.
    pub text: Cow<'t, str>,
    segments: Vec<Segment>,
    length: usize,
}

impl Folded<'_> {
    /// Returns the original bytes of a range of the folded text. Invisible
    /// characters inside it and right behind it are part of it.
    #[must_use]
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        map::range(&self.segments, range, self.length)
    }
}

/// Folds a text.
#[must_use]
pub fn fold(text: &str) -> Folded<'_> {
    if first_non_ascii(text.as_bytes()).is_none() {
        return Folded {
            text: Cow::Borrowed(text),
            segments: Vec::new(),
            length: text.len(),
        };
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut segments = vec![Segment::default()];
    let mut folding = Folding::new(text, true, true);
    folding.each(|at, piece| {
        let unchanged = matches!(piece, Piece::Unchanged(_));
        map::begin(&mut segments, out.len(), at, unchanged);
        out.push_str(piece.text());
    });
    // What is invisible at the end belongs to the last visible character.
    map::begin(&mut segments, out.len(), text.len(), true);
    Folded {
        text: Cow::Owned(out),
        segments,
        length: text.len(),
    }
}

/// Bytes before and behind a letter within which its word decides whether it is
/// a Latin one.
pub const REACH: usize = 32;

/// Calls `with` for each piece of the fold of a text, with the offset in the
/// text that it comes from. Look-alikes are replaced where [`REACH`] bytes of
/// their word have a Latin letter, so that the fold does not depend on how a
/// text was split. Returns how many bytes were folded: unless the text is
/// `complete`, it ends at the first letter that what follows decides.
pub fn fold_words(text: &str, complete: bool, with: impl FnMut(usize, Piece<'_>)) -> usize {
    Folding::new(text, false, complete).each(with)
}

/// A piece of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'p> {
    /// ASCII, or one character that is its own fold.
    Unchanged(&'p str),
    /// The fold of one character.
    Replaced(&'p str),
}

impl<'p> Piece<'p> {
    /// Returns the folded text.
    #[must_use]
    pub fn text(self) -> &'p str {
        match self {
            Self::Unchanged(text) | Self::Replaced(text) => text,
        }
    }
}

/// The offset of the first byte that is not ASCII.
fn first_non_ascii(bytes: &[u8]) -> Option<usize> {
    let chunks = bytes.chunks_exact(32);
    let ascii = chunks.take_while(|chunk| chunk.is_ascii()).count() * 32;
    let rest = bytes[ascii..].iter().position(|byte| !byte.is_ascii());
    rest.map(|at| ascii + at)
}

/// What a character is for the question whether its word mixes scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Invisible: part of whatever word it stands in.
    Removed,
    Latin,
    /// Of another script, but it looks like this Latin letter.
    LooksLatin(char),
    /// A digit, or a letter of another script.
    Other,
    /// Not part of a word.
    Boundary,
}

fn class_of(c: char) -> Class {
    let folded = match fold_of(c) {
        None => c,
        Some(text) => match text.chars().next() {
            None => return Class::Removed,
            Some(first) => first,
        },
    };
    if folded.is_ascii_alphabetic() || ('\u{c0}'..'\u{250}').contains(&folded) {
        Class::Latin
    } else if let Some(latin) = look_alike(folded) {
        Class::LooksLatin(latin)
    } else if is_alphanumeric(folded) {
        Class::Other
    } else {
        Class::Boundary
    }
}

/// What was read of the current word.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    /// Where the last Latin letter ends.
    latin: Option<usize>,
    /// Where the last letter of another script ends.
    other: Option<usize>,
    /// Where reading ahead has come to.
    ahead: usize,
    /// The last letters that were read ahead.
    next_latin: Option<usize>,
    next_other: Option<usize>,
    /// The word ends where reading ahead has come to.
    ends: bool,
}

/// The state of folding one text.
struct Folding<'t> {
    source: &'t str,
    complete: bool,
    word: Word,
    /// Whether the text has more Latin letters than others; worked out when a
    /// word first needs it.
    mostly_latin: Option<bool>,
}

/// What replaces a character.
enum Latin {
    No,
    Letter(char),
    Undecided,
}

impl<'t> Folding<'t> {
    /// `by_text` says that words of nothing but look-alikes are Latin when most
    /// of the text is.
    fn new(source: &'t str, by_text: bool, complete: bool) -> Self {
        Self {
            source,
            complete,
            word: Word::default(),
            mostly_latin: (!by_text).then_some(false),
        }
    }

    fn each(&mut self, mut with: impl FnMut(usize, Piece<'_>)) -> usize {
        let text = self.source;
        let mut at = 0;
        while at < text.len() {
            let ascii = first_non_ascii(&text.as_bytes()[at..]).unwrap_or(text.len() - at);
            if ascii > 0 {
                let run = &text[at..at + ascii];
                self.pass(run, at);
                with(at, Piece::Unchanged(run));
                at += ascii;
            }
            for c in text[at..].chars().take_while(|c| !c.is_ascii()) {
                let end = at + c.len_utf8();
                match (self.latin(c, at), fold_of(c)) {
                    (Latin::Undecided, _) => return at,
                    (Latin::Letter(latin), _) => {
                        with(at, Piece::Replaced(latin.encode_utf8(&mut [0; 4])));
                    }
                    (Latin::No, None) => with(at, Piece::Unchanged(&text[at..end])),
                    (Latin::No, Some("")) => {}
                    (Latin::No, Some(folded)) => with(at, Piece::Replaced(folded)),
                }
                at = end;
            }
        }
        text.len()
    }

    /// Notes ASCII.
    fn pass(&mut self, text: &str, at: usize) {
        let bytes = text.as_bytes();
        let inside = |byte: &&u8| byte.is_ascii_alphanumeric();
        let start = text.len() - bytes.iter().rev().take_while(inside).count();
        if start > 0 {
            self.word = Word::default();
        }
        if let Some(last) = bytes[start..].iter().rposition(u8::is_ascii_alphabetic) {
            self.word.latin = Some(at + start + last + 1);
        }
    }

    /// Notes a character that is not ASCII; returns the letter that replaces
    /// it, if it only looks Latin in a Latin word.
    fn latin(&mut self, c: char, at: usize) -> Latin {
        match class_of(c) {
            Class::Boundary => self.word = Word::default(),
            Class::Latin => self.word.latin = Some(at + c.len_utf8()),
            Class::Other => self.word.other = Some(at + c.len_utf8()),
            Class::Removed => {}
            Class::LooksLatin(latin) => return self.replaces(at, latin),
        }
        Latin::No
    }

    /// Decides about a look-alike: it is replaced if its word has a Latin
    /// letter near it, or nothing but look-alikes in a text that is mostly
    /// Latin.
    fn replaces(&mut self, at: usize, latin: char) -> Latin {
        let before = |end: Option<usize>| end.is_some_and(|end| end + REACH >= at);
        if before(self.word.latin) {
            return Latin::Letter(latin);
        }
        self.read_ahead(at);
        let near = |start: Option<usize>| start.is_some_and(|s| s > at && s <= at + REACH);
        if near(self.word.next_latin) {
            return Latin::Letter(latin);
        }
        if !self.word.ends && self.word.ahead <= at + REACH && !self.complete {
            return Latin::Undecided;
        }
        let other = before(self.word.other) || near(self.word.next_other);
        if !other && self.is_mostly_latin() {
            return Latin::Letter(latin);
        }
        Latin::No
    }

    /// Reads the word as far as it decides about the character at `at`. Each
    /// character is read once.
    fn read_ahead(&mut self, at: usize) {
        let word = &mut self.word;
        word.ahead = word.ahead.max(at);
        let found = |start: Option<usize>| start.is_some_and(|start| start > at);
        if word.ends || found(word.next_latin) {
            return;
        }
        for c in self.source[word.ahead..].chars() {
            if word.ahead > at + REACH {
                return;
            }
            match class_of(c) {
                Class::Boundary => {
                    word.ends = true;
                    return;
                }
                Class::Latin => {
                    word.next_latin = Some(word.ahead);
                    word.ahead += c.len_utf8();
                    return;
                }
                Class::Other => word.next_other = Some(word.ahead),
                Class::Removed | Class::LooksLatin(_) => {}
            }
            word.ahead += c.len_utf8();
        }
    }

    fn is_mostly_latin(&mut self) -> bool {
        *self.mostly_latin.get_or_insert_with(|| {
            let latin = self.source.bytes().filter(u8::is_ascii_alphabetic).count();
            let letter = |c: &char| u32::from(*c) >= 0x250 && is_letter(*c);
            let other = self.source.chars().filter(letter).count();
            latin > other
        })
    }
}
