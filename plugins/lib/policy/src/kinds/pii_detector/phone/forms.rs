//! The forms of phone numbers.

use super::super::context::Context;
use super::super::number::NumberRun;
use super::super::topic::Topic;
use super::counted::{COUNTED, MAX_COUNTED};
use super::other::{
    has_single_digits, is_compact_date, is_date, is_dotted_quad, is_isbn, is_range_of_years,
};
use super::{extension, plan};
use crate::chain::{Match, Progress, View};

/// How far before a national number a word may end that announces it.
const ANNOUNCED_WITHIN: usize = 32;
/// How far before a number a word may end that makes it something else.
const OTHER_WITHIN: usize = 14;
/// Least digits of a number that is announced.
const MIN_DIGITS: usize = 6;
/// Least digits of a number that one letter announces.
const MIN_INITIAL: usize = 9;
/// Digits of a number (ITU-T E.164).
const MAX_DIGITS: usize = 15;

/// A number in a text, and what stands around it.
struct Search<'r, 't> {
    run: &'r NumberRun<'t>,
    view: View<'t>,
    context: Context<'t>,
    /// The longest number so far.
    longest: Option<usize>,
    /// Whether text that has not arrived decides.
    open: bool,
}

/// Looks for a phone number that begins at the run's beginning: with a country code, in the form of
/// North America, or behind a word that announces it.
pub(in super::super) fn at(
    run: &NumberRun<'_>,
    view: View<'_>,
    context: Context<'_>,
    progress: &mut Progress,
) -> Match {
    let mut search = Search {
        run,
        view,
        context,
        longest: None,
        open: false,
    };
    search.international(progress);
    search.north_american(progress);
    search.announced(progress);
    if search.open {
        return Match::Open;
    }
    search.longest.map_or(Match::None, Match::End)
}

/// The digits of a number without a `0` in parentheses.
#[derive(Debug, Clone, Copy, Default)]
struct Digits {
    bytes: [u8; MAX_DIGITS],
    length: usize,
}

impl Digits {
    fn push(&mut self, byte: u8) -> bool {
        let slot = self.bytes.get_mut(self.length);
        let fits = slot.is_some();
        if let Some(slot) = slot {
            *slot = byte;
            self.length += 1;
        }
        fits
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Reads digits from `from` with at most `gap` separators of `signs` between, and parentheses around
/// groups. Calls `end` behind each digit and closing parenthesis with the digits so far.
fn groups(
    run: &NumberRun<'_>,
    from: usize,
    signs: &[u8],
    gap: usize,
    mut end: impl FnMut(&Digits, usize),
) {
    let (mut at, mut digits, mut open) = (from, Digits::default(), None);
    loop {
        match run.inside(at) {
            Some(byte @ b'0'..=b'9') => {
                if !digits.push(byte) {
                    return;
                }
                at += 1;
                if open.is_none() {
                    end(&digits, at);
                }
            }
            Some(b')') if open.is_some() => {
                // `+44 (0)20`: the zero is dialled within the country only.
                if open == Some(at - 2) && run.inside(at - 1) == Some(b'0') && digits.length > 1 {
                    digits.length -= 1;
                }
                open = None;
                at += 1;
                end(&digits, at);
            }
            Some(_) if open.is_some() => return,
            _ => {
                let mut next = at;
                while next - at < gap && run.inside(next).is_some_and(|b| signs.contains(&b)) {
                    next += 1;
                }
                if run.inside(next) == Some(b'(') {
                    open = Some(next);
                    next += 1;
                }
                if next == at || !run.inside(next).is_some_and(|b| b.is_ascii_digit()) {
                    return;
                }
                at = next;
            }
        }
    }
}

impl Search<'_, '_> {
    /// Takes a number that ends at `end`, with its extension.
    fn take(&mut self, end: usize) {
        match extension::at(self.view, end) {
            Match::Open => self.open = true,
            Match::End(end) => self.longest = self.longest.max(Some(end)),
            Match::None => {
                if self.run.ends_word(end) && !self.run.is_joined_right(end) {
                    self.longest = self.longest.max(Some(end));
                }
            }
        }
    }

    fn is_announced(&self, progress: &mut Progress) -> bool {
        let topics = Topic::Phone.bit() | Topic::PhoneInProse.bit();
        self.context.announces(topics, ANNOUNCED_WITHIN, progress) || is_initial(self.run)
    }

    fn is_other(&self, progress: &mut Progress) -> bool {
        self.context
            .announces(Topic::Other.bit(), OTHER_WITHIN, progress)
    }

    /// `+` or `00`, and a number that the plan of its country allows, or 8 to 15 digits behind a
    /// word that announces it. Behind `00` without separators a word must stand before it.
    fn international(&mut self, progress: &mut Progress) {
        let run = self.run;
        let text = &run.text[run.at..];
        let plus = text.starts_with(b"+");
        let from = if plus {
            run.at + 1
        } else if text.starts_with(b"00") && run.begins_word() && !run.is_joined_left() {
            run.at + 2
        } else {
            return;
        };
        // `+ 49`, `00 49` and `(00)`.
        let from = from + usize::from(matches!(run.inside(from), Some(b' ' | b'-')));
        if !matches!(run.inside(from), Some(b'1'..=b'9' | b'(')) {
            return;
        }
        let before = run.text[..run.at].trim_ascii_end();
        // A sum, or a character that a number is glued to.
        let sum = before.ends_with(b"=") || before.last().is_some_and(u8::is_ascii_digit);
        let glued = run.at > 0 && {
            let last = run.text[run.at - 1];
            last.is_ascii_alphanumeric() || last >= 0x80
        };
        if sum || glued {
            return;
        }
        let mut ends = Ends::default();
        groups(run, from, b" .-/", 2, |digits, end| {
            if (7..=MAX_DIGITS).contains(&digits.length) {
                ends.push(end, plan::allows(digits.as_bytes()));
            }
        });
        if ends.is_empty() {
            return;
        }
        let announced = self.is_announced(progress);
        for (end, allowed) in ends.iter() {
            let separated = run.text[from..end]
                .iter()
                .any(|byte| !byte.is_ascii_digit());
            if announced || (allowed && (plus || separated && !self.is_other(progress))) {
                self.take(end);
            }
        }
    }

    /// A complete number of the North American plan, not part of a longer one: `(415) 555-0132`,
    /// `1-415-555-0132`, `415.555.0132`.
    fn north_american(&mut self, progress: &mut Progress) {
        let run = self.run;
        let Some((end, even, valid)) = north_american_end(run) else {
            return;
        };
        let whole = run.byte(run.at) == Some(b'(') || run.begins_word();
        if !whole || run.is_joined_left() {
            return;
        }
        if (even && valid && !self.is_other(progress)) || self.is_announced(progress) {
            self.take(end);
        }
    }

    /// Seven to fifteen digits behind a word that announces a phone number.
    fn announced(&mut self, progress: &mut Progress) {
        let run = self.run;
        let starts = matches!(run.byte(run.at), Some(b'0'..=b'9' | b'('));
        if !starts || !run.begins_word() || run.is_joined_left() {
            return;
        }
        // Most numbers are short, or not announced: their groups are not read.
        let mut digits = run.text[run.at..run.end]
            .iter()
            .filter(|b| b.is_ascii_digit());
        if digits.nth(MIN_DIGITS - 1).is_none()
            || !self.is_announced(progress)
            || self.is_other(progress)
        {
            return;
        }
        let mut ends = Ends::default();
        groups(run, run.at, b" .-/", 3, |digits, end| {
            let text = &run.text[run.at..end];
            let time =
                matches!(run.text.get(end..), Some([b':', next, ..]) if next.is_ascii_digit());
            // Six digits are a number in small countries, if they are in groups.
            let least = if text.iter().any(|byte| matches!(byte, b' ' | b'-')) {
                MIN_DIGITS
            } else {
                MIN_DIGITS + 1
            };
            let plausible = (least..=MAX_DIGITS).contains(&digits.length)
                && !text.windows(2).any(|pair| pair == b"..")
                && !is_dotted_quad(text)
                && !is_date(text)
                && !is_range_of_years(text)
                && !has_single_digits(text)
                && !is_compact_date(text)
                && !is_isbn(digits.as_bytes())
                && !time;
            if plausible {
                ends.push(end, true);
            }
        });
        for (end, _) in ends.iter() {
            match self.is_counted(end) {
                Some(true) => {}
                Some(false) => self.take(end),
                None => self.open = true,
            }
        }
    }

    /// Returns whether a number without separators that ends at `end` counts what the next word
    /// names, as in `call 10024578 times`; `None` while that word can go on.
    fn is_counted(&self, end: usize) -> Option<bool> {
        let number = &self.run.text[self.run.at..end];
        if number.starts_with(b"0") || !number.iter().all(u8::is_ascii_digit) {
            return Some(false);
        }
        let behind = self.run.text.get(end..).unwrap_or_default();
        let Some(behind) = behind.strip_prefix(b" ") else {
            return Some(false);
        };
        let letters = behind.iter().take_while(|byte| byte.is_ascii_alphabetic());
        let word = &behind[..letters.take(MAX_COUNTED + 1).count()];
        if !self.view.complete && word.len() == behind.len() && word.len() <= MAX_COUNTED {
            return None;
        }
        let mut counted = COUNTED.iter();
        Some(counted.any(|known| word.eq_ignore_ascii_case(known.as_bytes())))
    }
}

/// Where a number may end, and whether the plan of its country allows that.
#[derive(Default)]
struct Ends {
    ends: [(usize, bool); 2 * MAX_DIGITS],
    count: usize,
}

impl Ends {
    fn push(&mut self, end: usize, allowed: bool) {
        if let Some(slot) = self.ends.get_mut(self.count) {
            *slot = (end, allowed);
            self.count += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn iter(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        self.ends[..self.count].iter().copied()
    }
}

/// Returns where ten digits in the form of North America end, whether the separators are the same,
/// and whether area and exchange can be assigned.
fn north_american_end(run: &NumberRun<'_>) -> Option<(usize, bool, bool)> {
    let mut at = run.at;
    let digit = |at: usize| run.inside(at).filter(u8::is_ascii_digit);
    let separator = |at: usize| run.inside(at).filter(|b| matches!(b, b'-' | b'.' | b' '));
    let mut signs: [Option<u8>; 3] = [None; 3];
    if digit(at) == Some(b'1') {
        signs[0] = Some(separator(at + 1)?);
        at += 2;
    }
    let parenthesis = run.inside(at) == Some(b'(');
    at += usize::from(parenthesis);
    let three = |at: usize| Some([digit(at)?, digit(at + 1)?, digit(at + 2)?]);
    let area = three(at)?;
    at += 3;
    if parenthesis {
        run.inside(at).filter(|byte| *byte == b')')?;
        at += 1;
        at += usize::from(separator(at).is_some());
        if let Some(end) = seven_digits(run, at) {
            let valid = area[0] >= b'2' && area[1] != b'9' && digit(at)? >= b'2';
            return Some((end, true, valid && area[1..] != *b"11"));
        }
    } else {
        signs[1] = Some(separator(at)?);
        at += 1;
    }
    let exchange = three(at)?;
    signs[2] = Some(separator(at + 3)?);
    at += 4;
    for _ in 0..4 {
        digit(at)?;
        at += 1;
    }
    let mut used = signs.iter().flatten();
    let first = used.next();
    let even = parenthesis || used.all(|sign| Some(sign) == first);
    let valid = area[0] >= b'2' && area[1] != b'9' && exchange[0] >= b'2';
    Some((
        at,
        even,
        valid && area[1..] != *b"11" && exchange[1..] != *b"11",
    ))
}

/// Whether one letter announces a number, as below letters: `T: 020 7946 0958`, `M. 07911 123456`,
/// and without a sign before a number that begins with `0`.
fn is_initial(run: &NumberRun<'_>) -> bool {
    let mut digits = run.text[run.at..run.end]
        .iter()
        .filter(|b| b.is_ascii_digit());
    if digits.nth(MIN_INITIAL - 1).is_none() {
        return false;
    }
    let before = &run.text[..run.at];
    let blanks = before
        .iter()
        .rev()
        .take(2)
        .take_while(|b| matches!(b, b' ' | b'\t'));
    let before = &before[..before.len() - blanks.count()];
    let zero = run.byte(run.at) == Some(b'0') && before.len() < run.at;
    let letter = match before {
        [before @ .., b':' | b'.'] => before,
        _ if zero => before,
        _ => return false,
    };
    match letter {
        [before @ .., b'T' | b'M' | b'P' | b'F' | b'C' | b'D'] => before
            .last()
            .is_none_or(|byte| byte.is_ascii_whitespace() || b"|,;/(*".contains(byte)),
        _ => false,
    }
}

/// Returns where exactly seven digits end that begin at `at`.
fn seven_digits(run: &NumberRun<'_>, at: usize) -> Option<usize> {
    let is_digit = |at: usize| run.inside(at).is_some_and(|byte| byte.is_ascii_digit());
    ((at..at + 7).all(is_digit) && !is_digit(at + 7)).then_some(at + 7)
}
