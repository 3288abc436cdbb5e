//! Words whose letters are written apart: `i g n o r e`, `i-g-n-o-r-e`.

use super::model::Token;
use super::word::joined;

/// Letters in a row, with one separator between them, that are a word.
const LEAST: usize = 3;
/// The same behind a word that was written so.
const LEAST_NEXT: usize = 2;

/// Joins single letters that have one and the same separator between them.
pub(super) fn join(text: &[u8], tokens: &mut Vec<Token>) {
    let (mut read, mut write) = (0, 0);
    while read < tokens.len() {
        let end = run(text, tokens, read);
        let after_joined = write > 0 && tokens[write - 1].joined;
        let least = if after_joined { LEAST_NEXT } else { LEAST };
        if end - read >= least {
            tokens[write] = joined(&tokens[read..end]);
            read = end;
        } else {
            tokens[write] = tokens[read];
            read += 1;
        }
        write += 1;
    }
    tokens.truncate(write);
}

/// Whether two tokens are single letters with one byte between them.
#[inline]
pub(super) fn are_near(before: &Token, token: &Token) -> bool {
    before.letter != 0 && token.letter != 0 && token.range_start() == before.range().end + 1
}

/// The end of the single letters from `first` on that have the same separator
/// between them.
fn run(text: &[u8], tokens: &[Token], first: usize) -> usize {
    let follows = |at: usize| {
        let (before, token) = (tokens.get(at - 1)?, tokens.get(at)?);
        are_near(before, token).then(|| text[before.range().end])
    };
    let Some(separator) = follows(first + 1) else {
        return first + 1;
    };
    let mut end = first + 2;
    while follows(end) == Some(separator) {
        end += 1;
    }
    end
}
