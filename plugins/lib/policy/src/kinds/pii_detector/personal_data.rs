//! The detectors of a position, by the class of its byte.

use super::context::Context;
use super::identifiers::{
    Boundary, Candidates, Identifier, IdentifierIndex, IndexedForm, Read, Reader,
};
use super::topic::{IDENTIFIERS, Topic, Topics};
use super::{bank, email, network, number, phone};
use crate::chain::{Detector, Hold, Label, Match, Matches, Progress, Starts, View, WordTriggers};

/// How far before an identifier a word may end that announces it.
const ANNOUNCED_WITHIN: usize = 60;
/// How far before a number a word may end that makes it something else.
const OTHER_WITHIN: usize = 14;

/// The pattern of each kind that is looked for, by its index in the chain.
pub(super) struct PersonalData {
    pub(super) card: Option<usize>,
    pub(super) email: Option<usize>,
    pub(super) phone: Option<usize>,
    pub(super) ip: Option<usize>,
    pub(super) iban: Option<usize>,
    pub(super) identifiers: Vec<EnabledIdentifier>,
    /// The forms of `identifiers`.
    pub(super) index: IdentifierIndex,
    /// Whether words of a stream need not wait that are hardly the beginning of an address.
    pub(super) is_fluent: bool,
}

/// A kind of identifier that is looked for.
pub(super) struct EnabledIdentifier {
    pub(super) pattern: usize,
    pub(super) identifier: &'static Identifier,
    /// What announces it alone.
    pub(super) own: Topics,
}

/// What a byte can begin.
const NOTHING: u8 = 0;
const NUMBER: u8 = 1;
const LETTER: u8 = 2;
const COLON: u8 = 4;
const SIGN: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [NOTHING; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => NUMBER,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => LETTER,
            b':' => COLON,
            b'+' | b'(' => SIGN,
            _ => NOTHING,
        };
        byte += 1;
    }
    classes
};

impl Detector for PersonalData {
    fn starts(&self, first: u8, second: u8) -> Starts {
        Starts {
            word: false,
            anywhere: match first {
                b':' => second == b':',
                b'+' | b'(' => !second.is_ascii_alphabetic(),
                _ => false,
            },
        }
    }

    fn word_triggers(&self) -> WordTriggers {
        WordTriggers {
            before_at: true,
            digits: true,
            colon: true,
            ..WordTriggers::default()
        }
    }

    fn is_strict(&self) -> bool {
        !self.is_fluent
    }

    fn may_begin_with_number(&self, view: View<'_>, at: usize, is_announced: bool) -> bool {
        self.may_begin(view, at, is_announced)
    }

    fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        label: &Label,
        found: &mut Matches,
    ) -> bool {
        let mut view = view;
        if !self.is_fluent {
            view.hold = Hold::Possible;
        }
        let byte = view.text[at];
        let class = CLASSES[usize::from(byte)];
        let mut decided = true;
        let mut take = |pattern: Option<usize>, result: Match| match (pattern, result) {
            (None, _) | (_, Match::None) => {}
            (Some(_), Match::Open) => decided = false,
            (Some(pattern), Match::End(end)) => found.push(pattern, end),
        };
        let context = Context {
            text: view.text,
            at,
            label: label.as_bytes(),
        };
        if class & (NUMBER | LETTER) != 0 && self.email.is_some() {
            take(self.email, email::at(view, at, label.as_bytes(), progress));
        }
        // `(` and `+` alone tell nothing.
        let is_sign = class == SIGN && view.may_leave(at, |byte| matches!(byte, b'(' | b'+'));
        if class & (NUMBER | SIGN) != 0 && !is_sign {
            match number::run(view, at, progress) {
                None => take(self.phone.or(self.card).or(self.ip), Match::Open),
                Some(run) => {
                    // Most digits are in lists, dates and sums: what they
                    // cannot begin is not looked for.
                    let digits = run.leading_digits();
                    if digits >= 2 && self.card.is_some() {
                        take(self.card, bank::card(&run));
                    }
                    if matches!(digits, 1..=3) && run.byte(at + digits) == Some(b'.') {
                        take(self.ip, network::ipv4(&run, context, progress));
                    }
                    if self.phone.is_some() {
                        take(self.phone, phone::at(&run, view, context, progress));
                    }
                }
            }
        }
        if matches!(byte, b'1'..=b'6') && self.card.is_some() {
            progress.steps += 4;
            take(self.card, bank::printed_card(view, at));
        }
        if class & (NUMBER | COLON) != 0 || byte.is_ascii_hexdigit() {
            progress.steps += 1;
            take(self.ip, network::ipv6(view, at));
        }
        if byte.is_ascii_alphabetic() {
            progress.steps += 1;
            take(self.iban, bank::iban(view, at));
        }
        if byte.is_ascii_alphanumeric() {
            decided &= self.identifiers_at(view, context, progress, found);
        }
        decided
    }
}

/// An identifier that was found, and how sure its kind is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Identified {
    end: usize,
    certainty: Certainty,
    kind: std::cmp::Reverse<usize>,
}

/// By what an identifier is recognized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// Its check digits, and a word for identifiers of any country.
    National,
    /// Its form.
    Form,
    /// A word for this kind alone.
    Announced,
}

impl PersonalData {
    /// Adds the identifier that begins at a position. Returns `false` if text that has not arrived
    /// decides.
    fn identifiers_at(
        &self,
        view: View<'_>,
        context: Context<'_>,
        progress: &mut Progress,
        found: &mut Matches,
    ) -> bool {
        let mut search = Search {
            data: self,
            view,
            context,
            topics: None,
            decided: true,
            best: None,
        };
        self.index
            .candidates(view, context.at, progress, &mut search);
        if let Some(best) = search.best {
            found.push(self.identifiers[best.kind.0].pattern, best.end);
        }
        search.decided
    }
}

/// The search for identifiers at one position.
struct Search<'d, 't> {
    data: &'d PersonalData,
    view: View<'t>,
    context: Context<'t>,
    /// What the words before the position announce, once that was asked for.
    topics: Option<Topics>,
    decided: bool,
    best: Option<Identified>,
}

impl Search<'_, '_> {
    fn topics(&mut self, progress: &mut Progress) -> Topics {
        let context = self.context;
        *self
            .topics
            .get_or_insert_with(|| context.topics(ANNOUNCED_WITHIN, progress))
    }

    fn announced(&mut self, kind: usize, progress: &mut Progress) -> Option<Certainty> {
        let topics = self.topics(progress);
        let enabled = &self.data.identifiers[kind];
        let national = enabled.identifier.national && topics & Topic::National.bit() != 0;
        if topics & enabled.own != 0 {
            Some(Certainty::Announced)
        } else {
            national.then_some(Certainty::National)
        }
    }

    fn is_valid(&self, kind: usize, id: &[u8]) -> bool {
        let same = id.iter().all(|byte| *byte == id[0]);
        !same && (self.data.identifiers[kind].identifier.check)(id)
    }

    /// Whether the number before which these words stand is of an order, a part or the like.
    fn is_other(&self, progress: &mut Progress) -> bool {
        self.context
            .announces(Topic::Other.bit(), OTHER_WITHIN, progress)
    }

    fn take(&mut self, kind: usize, end: usize, certainty: Certainty) {
        let identified = Identified {
            end,
            certainty,
            kind: std::cmp::Reverse(kind),
        };
        self.best = self.best.max(Some(identified));
    }
}

/// Whether what has arrived at `at` is a word, or its first letters tell too little: identifiers
/// are written in capitals, and have digits.
fn may_leave(view: View<'_>, at: usize) -> bool {
    let word = &view.text[at..];
    let is_plain = word.len() <= 2 || word.iter().any(u8::is_ascii_lowercase);
    is_plain && view.may_leave(at, u8::is_ascii_alphabetic)
}

impl Candidates for Search<'_, '_> {
    fn is_any_announced(&mut self, progress: &mut Progress) -> bool {
        self.topics(progress) & IDENTIFIERS != 0
    }

    fn form(&mut self, form: IndexedForm, progress: &mut Progress) {
        let IndexedForm { kind, form, .. } = form;
        if form.named && self.announced(kind, progress).is_none() {
            return;
        }
        let mut read = Read::default();
        let boundary = form.read(self.view, self.context.at, &mut read);
        let id = read.as_bytes();
        progress.steps += 4 + id.len();
        match boundary {
            Boundary::None => {}
            Boundary::Open => {
                self.decided &= !form.named && may_leave(self.view, self.context.at);
            }
            Boundary::End(end) if self.is_valid(kind, id) => {
                let announced = self.announced(kind, progress);
                match announced {
                    Some(certainty) if form.named => self.take(kind, end, certainty),
                    Some(Certainty::Announced) => self.take(kind, end, Certainty::Announced),
                    _ if form.named || self.is_other(progress) => {}
                    _ => self.take(kind, end, Certainty::Form),
                }
            }
            Boundary::End(_) => {}
        }
    }

    fn reader(&mut self, kind: usize, reader: Reader, progress: &mut Progress) {
        progress.steps += 4;
        match reader(self.view, self.context.at) {
            Match::None => {}
            Match::Open => self.decided = false,
            Match::End(end) => {
                progress.steps += end - self.context.at;
                self.take(kind, end, Certainty::Form);
            }
        }
    }
}
