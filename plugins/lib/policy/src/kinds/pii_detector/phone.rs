//! Phone numbers.

use super::number::NumberRun;
use crate::chain::{Announcement, Match, RecentWords};

/// Looks for a phone number that begins at the run's beginning: with a country
/// code, in the form of North America, or behind a word that announces it.
/// `digits` stand together at its beginning.
pub(super) fn at(run: &NumberRun<'_>, digits: usize, words: &RecentWords) -> Match {
    let prefix = match run.byte(run.at) {
        Some(b'+') => true,
        Some(b'0') => run.byte(run.at + 1) == Some(b'0'),
        _ => false,
    };
    let grouped = match digits {
        0 | 3 => true,
        1 => run.byte(run.at) == Some(b'1'),
        _ => false,
    };
    let international = prefix.then(|| international(run, words)).flatten();
    let grouped = grouped.then(|| north_american(run, words)).flatten();
    let longest = international.max(grouped).max(announced(run, words));
    longest.map_or(Match::None, Match::End)
}

/// Reads digits from `at` with at most `gap` separators of `signs` between, and
/// parentheses around groups. Calls `end` behind each digit and closing
/// parenthesis with the number of digits and the offset.
fn groups(
    run: &NumberRun<'_>,
    from: usize,
    signs: &[u8],
    gap: usize,
    mut end: impl FnMut(usize, usize),
) {
    let (mut at, mut digits, mut open) = (from, 0, false);
    loop {
        match run.inside(at) {
            Some(b'0'..=b'9') => {
                digits += 1;
                at += 1;
                if !open {
                    end(digits, at);
                }
            }
            Some(b')') if open => {
                open = false;
                at += 1;
                end(digits, at);
            }
            Some(_) if open => return,
            _ => {
                let mut next = at;
                while next - at < gap && run.inside(next).is_some_and(|b| signs.contains(&b)) {
                    next += 1;
                }
                if run.inside(next) == Some(b'(') {
                    open = true;
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

/// `+` or `00` and 8 to 15 digits (ITU-T E.164). Without the plus a word must
/// announce it.
fn international(run: &NumberRun<'_>, words: &RecentWords) -> Option<usize> {
    let text = &run.text[run.at..];
    let from = if text.starts_with(b"+") {
        run.at + 1
    } else if text.starts_with(b"00") && run.begins_word() {
        run.announced(words, Announcement::Phone, 32)
            .then_some(run.at + 2)?
    } else {
        return None;
    };
    if !matches!(run.byte(from), Some(b'1'..=b'9')) {
        return None;
    }
    let before = run.text[..run.at].trim_ascii_end();
    // A sum, or a character that a number is glued to.
    let sum = before.ends_with(b"=") || before.last().is_some_and(u8::is_ascii_digit);
    let glued = run.at > 0 && {
        let last = run.text[run.at - 1];
        last.is_ascii_alphanumeric() || last >= 0x80
    };
    if sum || glued {
        return None;
    }
    let mut found = None;
    groups(run, from, b" .-", 1, |digits, end| {
        if (8..=15).contains(&digits) && !run.is_joined_right(end) {
            found = Some(end);
        }
    });
    found
}

/// A complete number of the North American plan, not part of a longer one:
/// `(415) 555-0132`, `1-415-555-0132`, `415.555.0132`.
fn north_american(run: &NumberRun<'_>, words: &RecentWords) -> Option<usize> {
    let mut at = run.at;
    let digit = |at: usize| run.inside(at).filter(u8::is_ascii_digit);
    let separator = |at: usize| run.inside(at).filter(|b| matches!(b, b'-' | b'.' | b' '));
    let mut signs: [Option<u8>; 4] = [None; 4];
    if digit(at) == Some(b'1') && run.begins_word() {
        signs[0] = Some(separator(at + 1)?);
        at += 2;
    }
    let parenthesis = run.inside(at) == Some(b'(');
    if !parenthesis && at == run.at && !run.begins_word() {
        return None;
    }
    at += usize::from(parenthesis);
    let three = |at: usize| {
        let first = digit(at).filter(|first| *first >= b'2');
        first.is_some() && digit(at + 1).is_some() && digit(at + 2).is_some()
    };
    if !three(at) {
        return None;
    }
    at += 3;
    if parenthesis {
        run.inside(at).filter(|byte| *byte == b')')?;
        at += 1;
        signs[1] = run.inside(at).filter(|b| matches!(b, b'-' | b' '));
        at += usize::from(signs[1].is_some());
    } else {
        signs[1] = Some(separator(at)?);
        at += 1;
    }
    if !three(at) {
        return None;
    }
    signs[2] = Some(separator(at + 3)?);
    at += 4;
    for _ in 0..4 {
        digit(at)?;
        at += 1;
    }
    let mut used = signs.iter().flatten();
    let first = used.next();
    let even = parenthesis || used.all(|sign| Some(sign) == first);
    let named = run.announced(words, Announcement::Phone, 32);
    let other = run.announced(words, Announcement::Other, 20);
    let whole = run.ends_word(at) && !run.is_joined_left() && !run.is_joined_right(at);
    (whole && (named || (even && !other))).then_some(at)
}

/// Seven to fourteen digits behind a word that announces a phone number.
fn announced(run: &NumberRun<'_>, words: &RecentWords) -> Option<usize> {
    let named = run.announced(words, Announcement::Phone, 28)
        && !run.announced(words, Announcement::Other, 20);
    let starts = run
        .byte(run.at)
        .is_some_and(|byte| byte.is_ascii_digit() || byte == b'(');
    if !named || !starts || !run.begins_word() || run.is_joined_left() {
        return None;
    }
    let mut found = None;
    groups(run, run.at, b" .-", 2, |digits, end| {
        let text = &run.text[run.at..end];
        let plausible = !text.windows(2).any(|pair| pair == b"..")
            && !is_dotted_quad(text)
            && !is_date(text)
            && !matches!(run.text.get(end..), Some([b':', next, ..]) if next.is_ascii_digit());
        if (7..=14).contains(&digits)
            && plausible
            && run.ends_word(end)
            && !run.is_joined_right(end)
        {
            found = Some(end);
        }
    });
    found
}

/// A day of the last or of this century (RFC 3339 §5.6), whatever follows.
fn is_date(text: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    (text.starts_with(b"19") || text.starts_with(b"20"))
        && text.get(4) == Some(&b'-')
        && text.get(7) == Some(&b'-')
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
}

fn is_dotted_quad(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.parse::<std::net::Ipv4Addr>().is_ok()
}
