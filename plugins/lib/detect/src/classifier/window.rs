//! The highest score of any window of a text.

use super::feature::features;
use super::model::{Model, Scores};
use crate::token::Token;

/// Tokens of a long window.
pub const LONG: usize = 64;
/// Tokens of a short window.
pub const SHORT: usize = 20;

impl Model<'_> {
    /// Scores the tokens of a text. `sums` is scratch space.
    #[must_use]
    pub fn score(&self, tokens: &[Token], sums: &mut Vec<i32>) -> Scores {
        sums.clear();
        sums.reserve(tokens.len() + 1);
        let mut sum = 0;
        sums.push(sum);
        for at in 0..tokens.len() {
            features(tokens, at, |feature| sum += self.weight(feature));
            sums.push(sum);
        }
        Scores {
            long: self.highest(sums, LONG),
            short: self.highest(sums, SHORT),
        }
    }

    /// The highest logit of the windows of `length` tokens that begin at every
    /// quarter of one.
    fn highest(&self, sums: &[i32], length: usize) -> f32 {
        let last = sums.len() - 1;
        let mut highest = f32::NEG_INFINITY;
        let mut start = 0;
        loop {
            let end = (start + length).min(last);
            highest = highest.max(self.logit(sums[end] - sums[start], end - start));
            if end == last {
                return highest;
            }
            start += length / 4;
        }
    }
}
