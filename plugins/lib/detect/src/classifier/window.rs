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
        // What repeats takes no place in a window: padding cannot fill one.
        for at in (0..tokens.len()).filter(|at| !tokens[*at].repeated) {
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
        let (last, step) = (sums.len() - 1, length / 4);
        let full = last.saturating_sub(length).div_ceil(step);
        let mut highest = f32::NEG_INFINITY;
        // Full windows have one divisor, so that the sums can be compared.
        let starts = (0..full).map(|index| index * step);
        if let Some(sum) = starts.map(|s| sums[s + length] - sums[s]).max() {
            highest = self.logit(sum, length);
        }
        let start = full * step;
        let rest = self.logit(sums[last] - sums[start], last - start);
        if rest > highest { rest } else { highest }
    }
}
