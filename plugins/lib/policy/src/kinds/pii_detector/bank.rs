//! Payment cards and bank accounts.

use super::number::NumberRun;
use super::separator::{MAX_SEPARATOR, follows_cell, separator};
use crate::chain::{Match, View};
use crate::text::{after_word, is_word};

/// Least and most digits of a card (ISO/IEC 7812-1).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// A payment card: prefix and length of an issuer, and the check digit
/// (ISO/IEC 7812-1). Digits stand together, or in blocks of two to seven:
/// single digits between separators are a list of numbers.
pub(super) fn card(run: &NumberRun<'_>) -> Match {
    if !matches!(run.byte(run.at), Some(b'1'..=b'6')) || !run.begins_word() || run.is_joined_left()
    {
        return Match::None;
    }
    let mut digits = [0u8; 19];
    let (mut count, mut block, mut blocks) = (0, 0, 1);
    let mut found = Match::None;
    let mut at = run.at;
    while let Some(byte) = run.inside(at) {
        if byte.is_ascii_digit() {
            if count == digits.len() {
                break;
            }
            digits[count] = byte - b'0';
            count += 1;
            block += 1;
            at += 1;
            let ends = CARD_DIGITS.contains(&count) && run.ends_word(at);
            let grouped = blocks == 1 || (2..=7).contains(&block);
            let digits = &digits[..count];
            if ends && grouped && is_issued(digits) && luhn(digits) && !run.is_joined_right(at) {
                found = Match::End(at);
            }
        } else {
            let next = run.inside(at + 1).is_some_and(|byte| byte.is_ascii_digit());
            if !matches!(byte, b' ' | b'-') || !next || !(2..=7).contains(&block) {
                break;
            }
            block = 0;
            blocks += 1;
            at += 1;
        }
    }
    found
}

/// The blocks in which cards are printed.
const CARD_BLOCKS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];

/// A payment card in the blocks in which it is printed, with wider separators between them than
/// [`card`] takes. Cells of a table are no card while more of them follow.
pub(super) fn printed_card(view: View<'_>, at: usize) -> Match {
    let text = view.text;
    // The first block has four digits.
    let is_block = match text.get(at..=at + 4) {
        Some([four @ .., next]) => four.iter().all(u8::is_ascii_digit) && !next.is_ascii_digit(),
        _ => !view.complete,
    };
    if !is_block || after_word(text, at) || is_joined(text, at) {
        return Match::None;
    }
    let mut digits = [0u8; 19];
    let mut blocks = [0usize; 5];
    let (mut count, mut block, mut end) = (0, 0, at);
    let (mut is_wide, mut is_column) = (false, false);
    let mut found = Match::None;
    loop {
        while let Some(byte) = text.get(end).filter(|byte| byte.is_ascii_digit()) {
            if count == digits.len() || blocks[block] == 6 {
                return found;
            }
            digits[count] = byte - b'0';
            count += 1;
            blocks[block] += 1;
            end += 1;
        }
        let read = &blocks[..=block];
        let arrived = view.complete || end < text.len();
        // The last block may not have arrived.
        let (last, before) = (blocks[block], &blocks[..block]);
        let fits = |form: &&[usize]| {
            form.starts_with(before)
                && form.get(block).is_some_and(|length| match arrived {
                    true => *length == last,
                    false => *length >= last,
                })
        };
        let is_prefix = count < 4 || may_be_issued(&digits[..4]);
        if !is_prefix || !CARD_BLOCKS.iter().any(fits) {
            return found;
        }
        if !arrived {
            return Match::Open;
        }
        let is_whole = CARD_BLOCKS.contains(&read) && is_wide;
        if is_whole && is_issued(&digits[..count]) && luhn(&digits[..count]) {
            // What follows decides whether the number or the table goes on.
            if !view.complete && end + MAX_SEPARATOR + 1 > text.len() {
                return Match::Open;
            }
            if !goes_on(text, at, end, is_column) {
                found = Match::End(end);
            }
        }
        let Some(separator) = separator(text, end) else {
            return found;
        };
        if block + 1 == blocks.len() {
            return found;
        }
        end += separator.length;
        match text.get(end) {
            Some(byte) if byte.is_ascii_digit() => {}
            None if !view.complete && may_go_on(&blocks[..=block]) => return Match::Open,
            _ => return found,
        }
        is_wide |= separator.is_wide;
        is_column |= separator.is_column;
        block += 1;
    }
}

/// Whether a card has more blocks than these.
fn may_go_on(blocks: &[usize]) -> bool {
    let mut forms = CARD_BLOCKS.iter();
    forms.any(|form| form.len() > blocks.len() && form.starts_with(blocks))
}

/// Whether the number from `at` to `end` is part of a longer one, or of a longer table.
fn goes_on(text: &[u8], at: usize, end: usize, is_column: bool) -> bool {
    let is_joined = match &text[end..] {
        [b'-' | b'.' | b'/' | b'#', next, ..] => next.is_ascii_digit(),
        [byte, ..] => is_word(*byte),
        [] => false,
    };
    let cell = |end: usize| {
        let behind = separator(text, end).filter(|separator| separator.is_column);
        behind.is_some_and(|s| text.get(end + s.length).is_some_and(u8::is_ascii_digit))
    };
    is_joined || (is_column && (follows_cell(text, at) || cell(end)))
}

/// Whether any card begins with four digits.
fn may_be_issued(four: &[u8]) -> bool {
    let mut digits = [0u8; 19];
    digits[..four.len()].copy_from_slice(four);
    [14, 15, 16, 19]
        .iter()
        .any(|count| is_issued(&digits[..*count]))
}

fn is_issued(digits: &[u8]) -> bool {
    let prefix = |n: usize| {
        digits[..n]
            .iter()
            .fold(0u32, |sum, digit| sum * 10 + u32::from(*digit))
    };
    let (two, three, four) = (prefix(2), prefix(3), prefix(4));
    match digits.len() {
        13 | 19 if digits[0] == 4 => true,
        14 => matches!(two, 36 | 38 | 39) || (300..=305).contains(&three),
        15 if matches!(two, 34 | 37) => true,
        15 if matches!(four, 1800 | 2131) => true,
        16 => {
            digits[0] == 4
                || (51..=55).contains(&two)
                || (2221..=2720).contains(&four)
                || two == 35
                || four == 6011
                || (644..=649).contains(&three)
                || matches!(two, 62 | 65)
        }
        17..=19 => two == 62,
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(*digit);
            match (index % 2, digit * 2) {
                (0, _) => digit,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

/// Length of an account number by country (ISO 13616 registry).
const LENGTHS: [(&str, usize); 89] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// The place of a capital letter in the alphabet.
fn letter(byte: u8) -> Option<usize> {
    byte.is_ascii_uppercase().then(|| usize::from(byte - b'A'))
}

/// The lengths by the two letters of a country; 0 where there is none.
static LENGTH_OF: [[u8; 26]; 26] = {
    let mut lengths = [[0; 26]; 26];
    let mut at = 0;
    while at < LENGTHS.len() {
        let (country, length) = LENGTHS[at];
        let letters = country.as_bytes();
        lengths[(letters[0] - b'A') as usize][(letters[1] - b'A') as usize] = length as u8;
        at += 1;
    }
    lengths
};

/// Longest account number.
const MAX_IBAN: usize = 34;

/// A bank account: length of its country, and remainder 1 modulo 97
/// (ISO 13616). Written together or in blocks with separators between; lower case of words goes
/// only with single spaces.
pub(super) fn iban(view: View<'_>, at: usize) -> Match {
    let text = view.text;
    if after_word(text, at) || is_joined(text, at) {
        return Match::None;
    }
    let Some(head) = text.get(at..at + 4) else {
        let (country, check) = text[at..].split_at(2.min(text.len() - at));
        let begins = country.iter().all(u8::is_ascii_alphabetic)
            && check.iter().all(u8::is_ascii_digit)
            // The name of a country tells nothing.
            && !view.may_leave(at, u8::is_ascii_alphabetic);
        return open_if(view, begins);
    };
    let Some(length) = length_of(head) else {
        return Match::None;
    };
    let mut account = [0u8; MAX_IBAN];
    let (mut count, mut offset) = (0, at);
    let (mut is_wide, mut is_lower) = (false, false);
    while count < length {
        match text.get(offset) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                is_lower |= count >= 2 && byte.is_ascii_lowercase();
                account[count] = byte.to_ascii_uppercase();
                count += 1;
                offset += 1;
            }
            Some(_) => {
                let Some(separator) = separator(text, offset) else {
                    return Match::None;
                };
                is_wide |= separator.is_wide;
                offset += separator.length;
            }
            None => return open_if(view, !(is_wide && is_lower)),
        }
        if is_wide && is_lower {
            return Match::None;
        }
    }
    if !view.complete && offset + 2 > text.len() {
        return Match::Open;
    }
    let joined = match &text[offset..] {
        [b'-' | b'.' | b'/' | b'#', next, ..] => next.is_ascii_digit(),
        [byte, ..] => is_word(*byte),
        [] => false,
    };
    if joined || remainder(&account[..length]) != 1 {
        return Match::None;
    }
    Match::End(offset)
}

fn open_if(view: View<'_>, possible: bool) -> Match {
    if possible && !view.complete {
        Match::Open
    } else {
        Match::None
    }
}

fn is_joined(text: &[u8], at: usize) -> bool {
    matches!(&text[..at], [.., before, b'-' | b'.' | b'/' | b'_'] if before.is_ascii_alphanumeric())
        || text[..at].ends_with(b"#")
}

/// The length of the account that begins with two letters and two digits.
fn length_of(head: &[u8]) -> Option<usize> {
    let [a, b, c, d] = *head else { return None };
    if !c.is_ascii_digit() || !d.is_ascii_digit() {
        return None;
    }
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    let length = LENGTH_OF[letter(country[0])?][letter(country[1])?];
    (length > 0).then_some(usize::from(length))
}

fn remainder(account: &[u8]) -> u32 {
    let (head, tail) = account.split_at(4);
    tail.iter().chain(head).fold(0, |rest, byte| {
        if byte.is_ascii_digit() {
            (rest * 10 + u32::from(byte - b'0')) % 97
        } else {
            (rest * 100 + u32::from(byte - b'A') + 10) % 97
        }
    })
}
