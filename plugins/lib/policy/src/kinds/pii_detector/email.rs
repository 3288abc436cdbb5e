//! E-mail addresses.

use kt_detect::is_alphanumeric;
use memchr::memchr;

use super::announced::is_announced;
use crate::chain::{Hold, Match, Progress, View};
use crate::text::{after_word, character};

/// Longest local part in bytes (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Longest domain in bytes (RFC 5321 §4.5.3.1.2, less the length octets).
const MAX_DOMAIN: usize = 253;
/// Longest label of a domain in bytes (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// The ASCII characters of a local part (RFC 5321 §4.1.2, those in use).
const LOCAL: [bool; 256] = {
    let mut local = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        let sign = matches!(c, b'.' | b'_' | b'%' | b'+' | b'\'' | b'-');
        local[byte] = c.is_ascii_alphanumeric() || sign;
        byte += 1;
    }
    local
};

/// Looks for an address that begins at `at`, in a text with this label.
pub(super) fn at(view: View<'_>, at: usize, label: &[u8], progress: &mut Progress) -> Match {
    let text = view.text;
    if view.complete {
        let sign = next_sign(text, at, progress);
        // No address ends behind this `@`.
        let is_known = progress.domain == Some((sign, None));
        if sign > at + MAX_LOCAL || is_known {
            return Match::None;
        }
    }
    if text[at].is_ascii() && after_word(text, at) {
        return Match::None;
    }
    let Some(first) = character(text, at) else {
        return Match::None;
    };
    if !(is_alphanumeric(first) || first == '_') {
        return Match::None;
    }
    let sign = local_end(text, at, progress);
    if sign - at > MAX_LOCAL {
        return Match::None;
    }
    if sign == text.len() {
        return if view.complete || unlikely(view, at, label) {
            Match::None
        } else {
            Match::Open
        };
    }
    if text[sign] != b'@' || !is_local(&text[at..sign]) || in_address(text, at) {
        return Match::None;
    }
    let end = match progress.domain {
        Some((known, end)) if known == sign => end,
        _ => match domain_end(view, sign + 1) {
            Ok(end) => {
                progress.steps += end.map_or(MAX_DOMAIN, |end| end - sign);
                progress.domain = Some((sign, end));
                end
            }
            Err(Open) => return Match::Open,
        },
    };
    let Some(end) = end else { return Match::None };
    // `git@host:path` names a repository.
    let repository = &text[at..sign] == b"git" && text.get(end) == Some(&b':');
    if repository {
        Match::None
    } else {
        Match::End(end)
    }
}

/// Returns the first `@` from `at` on, or a position behind the text.
fn next_sign(text: &[u8], at: usize, progress: &mut Progress) -> usize {
    match progress.at_sign {
        Some(sign) if sign >= at => sign,
        _ => {
            let sign = memchr(b'@', &text[at..]);
            let sign = sign.map_or(usize::MAX, |offset| at + offset);
            progress.at_sign = Some(sign);
            sign
        }
    }
}

/// Whether the word at `at`, with which the text ends so far, need not be held: nothing announces
/// an address, and it has no form that words seldom have. Signs at its end count once something
/// follows. Of other forms `-` and `_` tell little: with them, words of code wait twice as often.
fn unlikely(view: View<'_>, at: usize, label: &[u8]) -> bool {
    let word = view.text[at..].trim_ascii_end();
    let end = word.iter().rposition(u8::is_ascii_alphanumeric);
    let inside = &word[..end.map_or(0, |end| end + 1)];
    let has_form = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'%');
    match view.hold {
        Hold::Possible => false,
        Hold::Likely => !inside.iter().any(has_form) && !is_announced(view.text, at, label),
        Hold::Begun => !is_announced(view.text, at, label),
    }
}

/// The rest of the text decides.
struct Open;

fn is_local(local: &[u8]) -> bool {
    !local.is_empty() && !local.ends_with(b".") && !local.windows(2).any(|pair| pair == b"..")
}

/// The user part of `https://user@host` is not an address.
fn in_address(text: &[u8], at: usize) -> bool {
    text[..at].ends_with(b"//")
}

/// Returns the end of the run of characters that a local part may have.
fn local_end(text: &[u8], at: usize, progress: &mut Progress) -> usize {
    let mut end = progress.local_end.max(at);
    loop {
        // Nearly all bytes are ASCII: those are not decoded.
        let rest = &text[end.min(text.len())..];
        end += rest.iter().take_while(|b| LOCAL[usize::from(**b)]).count();
        match character(text, end) {
            Some(c) if !c.is_ascii() && is_alphanumeric(c) => end += c.len_utf8(),
            _ => break,
        }
    }
    progress.steps += end - progress.local_end.max(at);
    progress.local_end = end;
    end
}

/// Returns the end of the domain that begins at `from`, `None` when there is
/// none.
fn domain_end(view: View<'_>, from: usize) -> Result<Option<usize>, Open> {
    let text = view.text;
    let mut end = from;
    let mut label = from;
    // The last place where a domain may end: a label of letters behind a dot.
    let mut best = None;
    let mut dots = 0;
    while let Some(c) = character(text, end).filter(|_| end - from < MAX_DOMAIN) {
        if c == '.' {
            if dots > 0 && is_top(&text[label..end]) {
                best = Some(end);
            }
            if !is_label(&text[label..end]) {
                return Ok(best);
            }
            dots += 1;
            label = end + 1;
        } else if !(is_alphanumeric(c) || c == '-') {
            break;
        }
        end += c.len_utf8();
    }
    if view.is_open_at(end) && end - from < MAX_DOMAIN {
        return Err(Open);
    }
    if dots > 0 {
        let last = &text[label..end];
        // `org-` ends before the hyphen, `c1` is no top-level domain.
        let letters = last.len() - trailing(last);
        let whole = text
            .get(label + letters)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'@');
        if is_top(&last[..letters]) && whole {
            best = Some(label + letters);
        }
    }
    Ok(best)
}

/// Bytes of a label from its first hyphen on.
fn trailing(label: &[u8]) -> usize {
    let hyphen = label.iter().position(|byte| *byte == b'-');
    hyphen.map_or(0, |at| label.len() - at)
}

fn is_label(label: &[u8]) -> bool {
    (1..=MAX_LABEL).contains(&label.len()) && !label.starts_with(b"-") && !label.ends_with(b"-")
}

fn is_top(label: &[u8]) -> bool {
    let Ok(label) = std::str::from_utf8(label) else {
        return false;
    };
    (2..=24).contains(&label.chars().count())
        && label.chars().all(char::is_alphabetic)
        && !is_file_ending(label)
}

/// `icon@2x.png` and `styles@print.css` are files.
fn is_file_ending(top: &str) -> bool {
    const ENDINGS: [&str; 28] = [
        "png", "jpg", "jpeg", "gif", "svg", "css", "js", "json", "yaml", "yml", "webp", "html",
        // Locales with a variant, such as `ca@valencia.po`, and instances of units of systemd.
        "po", "mo", "header", "sed", "txt", "xml", "conf", "service", "socket", "timer", "target",
        "mount", "device", "slice", "path", "swap",
    ];
    ENDINGS
        .iter()
        .any(|ending| top.eq_ignore_ascii_case(ending))
}
