//! The features of a token.

use crate::token::{Token, bucket, pair};

/// Binary logarithm of the number of weights.
pub const BITS: u32 = 18;

/// Features that end at one token.
pub const FEATURES: usize = 7;

/// Calls `with` with the index of each feature that ends at `at`: the word, its
/// stem, pairs and triples with what stands before. They add up, so that a
/// running sum scores every window.
#[inline]
pub fn features(tokens: &[Token], at: usize, mut with: impl FnMut(usize)) {
    let token = &tokens[at];
    if token.repeated {
        return;
    }
    with(bucket(token.word, BITS));
    with(bucket(token.stem.wrapping_mul(0x9e37_79b1), BITS));
    let Some(one) = at.checked_sub(1).map(|at| &tokens[at]) else {
        return;
    };
    with(bucket(pair(one.word, token.word, 1), BITS));
    with(bucket(pair(one.stem, token.stem, 2), BITS));
    let Some(two) = at.checked_sub(2).map(|at| &tokens[at]) else {
        return;
    };
    with(bucket(
        pair(pair(two.stem, one.stem, 3), token.stem, 3),
        BITS,
    ));
    with(bucket(pair(two.stem, token.stem, 4), BITS));
    if let Some(three) = at.checked_sub(3).map(|at| &tokens[at]) {
        with(bucket(pair(three.stem, token.stem, 5), BITS));
    }
}

/// Returns what the sum of a window of `tokens` tokens is divided by.
#[must_use]
pub fn normalizer(tokens: usize) -> f32 {
    /// Windows with fewer tokens count as having this many.
    const LEAST: usize = 8;
    ((tokens.max(LEAST) * FEATURES) as f32).sqrt()
}
