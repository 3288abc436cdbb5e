//! Private keys in text form (RFC 7468, and OpenSSH's, PGP's and PuTTY's): the line that begins
//! one and the first bytes of its data decide, and everything up to the line that ends it is
//! replaced as it arrives.

use crate::chain::{Match, Rest, RestState, View};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END";
const DASHES: &[u8] = b"-----";
/// Longest name between the words and the dashes: `ENCRYPTED PRIVATE KEY`.
const MAX_NAME: usize = 40;
/// Bytes of data that tell a key from a text about keys.
const MIN_DATA: usize = 10;
/// The least length of the name of a header line, such as `Version:`.
const MIN_HEADER: usize = 7;
/// Most bytes that may stand before the data: line breaks, also as `\n`, and indentation.
const MAX_BLANKS: usize = 32;
/// Most bytes of a key: RSA with 16,384 bits has 12,600.
const MAX_KEY: usize = 20 << 10;
/// A shorter word is no line of data.
const MIN_LINE: u8 = 16;

/// Looks for a key whose first line begins at `at`.
pub(super) fn at(view: View<'_>, at: usize, steps: &mut usize) -> Match {
    let text = &view.text[at..];
    let open = |may: bool| {
        if may && !view.complete {
            Match::Open
        } else {
            Match::None
        }
    };
    let common = text.iter().zip(BEGIN).take_while(|(a, b)| a == b).count();
    *steps += common;
    if common < BEGIN.len() {
        let dashes = view.may_leave(at, |byte| *byte == b'-');
        return open(common == text.len() && !dashes);
    }
    let is_name = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ';
    let name = text[common..]
        .iter()
        .take(MAX_NAME)
        .take_while(is_name)
        .count();
    *steps += name;
    let after = common + name;
    let dashes = text[after..]
        .iter()
        .take(DASHES.len())
        .take_while(|b| **b == b'-')
        .count();
    if dashes < DASHES.len() {
        return open(after + dashes == text.len() && name < MAX_NAME);
    }
    let name = &text[common..after];
    if !name.windows(7).any(|part| part == b"PRIVATE") {
        return Match::None;
    }
    let body = &text[after + dashes..];
    let is_blank = |byte: &&u8| {
        byte.is_ascii_whitespace()
            || matches!(
                **byte,
                b'\\' | b'n' | b'r' | b'"' | b'\'' | b'+' | b'|' | b'>'
            )
    };
    let blanks = body.iter().take(MAX_BLANKS).take_while(is_blank).count();
    let is_data =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/' | b'-' | b':');
    let data = body[blanks..]
        .iter()
        .take(MIN_DATA)
        .take_while(is_data)
        .count();
    *steps += blanks + data;
    let end = after + dashes + blanks + data;
    let header = data >= MIN_HEADER && text[end - 1] == b':';
    if data < MIN_DATA && !header {
        return open(end == text.len() && blanks < MAX_BLANKS);
    }
    Match::End(at + end)
}

/// Returns the rest of a key behind what decided.
pub(super) fn rest(found: &[u8]) -> Rest {
    let header = found.last() == Some(&b':');
    Rest {
        takes,
        // The data that decided is a line of data.
        state: RestState {
            bytes: 0,
            step: if header { HEADER } else { BODY },
            count: MIN_LINE,
        },
    }
}

/// In a line of data; `count` is the length of its last word.
const BODY: u8 = 0;
/// Behind a word that is too short for a line of data: the key ends here, or goes on with `-----`.
const SHORT: u8 = 1;
/// In a line such as `Proc-Type: 4,ENCRYPTED`.
const HEADER: u8 = 2;
/// Behind `count` bytes of `-----END`.
const ENDING: u8 = 3;
/// In the name of the last line.
const NAME: u8 = 4;
/// Behind `count` of the last dashes.
const DASH: u8 = 5;

fn takes(state: &mut RestState, byte: u8) -> bool {
    state.bytes += 1;
    if state.bytes > MAX_KEY {
        return false;
    }
    match (state.step, byte) {
        (BODY | SHORT, b'-') => (state.step, state.count) = (ENDING, 1),
        (BODY, b':') => state.step = HEADER,
        (BODY, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' | b',') => {
            state.count = state.count.saturating_add(1);
        }
        (BODY, _) if is_break(byte) => {
            if (1..MIN_LINE).contains(&state.count) {
                state.step = SHORT;
            }
            state.count = 0;
        }
        (SHORT, _) if is_break(byte) || matches!(byte, b'n' | b'r' | b'+') => {}
        (HEADER, b'\n') => (state.step, state.count) = (BODY, 0),
        (HEADER, b' '..=b'~' | b'\r' | b'\t') => {}
        (ENDING, _) => return ending(state, byte),
        (NAME, b'-') => (state.step, state.count) = (DASH, 1),
        (NAME, b'A'..=b'Z' | b'0'..=b'9' | b' ') => {}
        (DASH, b'-') if usize::from(state.count) < DASHES.len() => state.count += 1,
        _ => return false,
    }
    true
}

fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'"' | b'\'' | b'|' | b'>')
}

fn ending(state: &mut RestState, byte: u8) -> bool {
    let read = usize::from(state.count);
    if END.get(read) == Some(&byte) {
        state.count += 1;
        if usize::from(state.count) == END.len() {
            state.step = NAME;
        }
        return true;
    }
    // A hyphen in `Proc-Type`.
    if read == 1 && byte.is_ascii_alphanumeric() {
        (state.step, state.count) = (BODY, MIN_LINE);
        return true;
    }
    byte == b'-' && read == DASHES.len()
}
