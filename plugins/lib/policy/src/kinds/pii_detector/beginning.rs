//! Whether anything can begin with a number, by a look at its first bytes: most numbers are in lists,
//! dates, versions and sums.

use super::identifiers::is_joined_left;
use super::number::is_part;
use super::personal_data::PersonalData;
use crate::chain::View;

/// Least digits of a card.
const MIN_CARD: usize = 13;
/// Least digits of a phone number that is announced.
const MIN_PHONE: usize = 6;

impl PersonalData {
    /// Returns whether something may begin with the word at `at`, which has a digit, or a sign and
    /// a digit behind it; addresses with an `@` or a colon apart. `is_announced` says whether a
    /// word may announce it.
    pub(super) fn may_begin(&self, view: View<'_>, at: usize, is_announced: bool) -> bool {
        let text = view.text;
        let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        let is_joined = is_joined_left(text, at);
        // A word of another script ends there.
        if at > 0 && !text[at - 1].is_ascii() {
            return true;
        }
        let digits = text[at..].iter().take(MIN_CARD);
        let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            let is_account = (2..4).all(|offset| is_digit(at + offset));
            return !is_joined && (is_account || self.index.may_begin(view, at, is_announced));
        }
        let is_dotted = digits <= 3 && text.get(at + digits) == Some(&b'.');
        let is_dotted = is_dotted && is_digit(at + digits + 1);
        if is_joined {
            return is_dotted && !matches!(text[at - 1], b'.' | b'-');
        }
        is_dotted
            || may_be_card(text, at, digits)
            || may_be_phone(text, at, digits, is_announced)
            || self.index.may_begin(view, at, is_announced)
    }
}

/// Whether a number of the first `digits` can be a card: together, in blocks of two digits and
/// more, or in those in which cards are printed.
fn may_be_card(text: &[u8], at: usize, digits: usize) -> bool {
    if !matches!(text[at], b'1'..=b'6') {
        return false;
    }
    match text.get(at + digits) {
        _ if digits >= MIN_CARD => true,
        Some(b'\t' | b'\r' | b'\n' | b'.' | b'/') => digits == 4,
        Some(b' ' | b'-') => {
            let two = text.get(at + digits + 1..at + digits + 3);
            let is_block = two.is_some_and(|two| two.iter().all(u8::is_ascii_digit));
            digits == 4 || (digits >= 2 && is_block)
        }
        _ => false,
    }
}

/// Whether a number of the first `digits` can be a phone number: behind `00`, in the form of North
/// America, or announced.
fn may_be_phone(text: &[u8], at: usize, digits: usize, is_announced: bool) -> bool {
    let rest = &text[at..];
    let is_separator = |byte: &u8| matches!(byte, b'-' | b'.' | b' ');
    let area = match rest {
        [b'0', b'0', ..] => return true,
        [b'1', sign, b'(', ..] if is_separator(sign) => return true,
        [b'1', sign, area @ ..] if is_separator(sign) => area,
        _ => rest,
    };
    let is_grouped = match area {
        [a, b, c, sign, d, e, f, second, ..] => {
            let is_number = [a, b, c, d, e, f].iter().all(|byte| byte.is_ascii_digit());
            is_number && is_separator(sign) && is_separator(second)
        }
        _ => false,
    };
    is_grouped || (is_announced && (digits >= MIN_PHONE || has_digits(rest)))
}

/// Whether the run of digits and separators with which a text begins has as many digits as a phone
/// number.
fn has_digits(text: &[u8]) -> bool {
    let run = text.iter().take_while(|byte| is_part(**byte));
    run.filter(|byte| byte.is_ascii_digit())
        .nth(MIN_PHONE - 1)
        .is_some()
}
