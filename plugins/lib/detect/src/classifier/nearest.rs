//! The window of a text that decides its score.

use std::ops::Range;

use super::feature::features;
use super::model::{Model, Scores};
use super::window::{LONG, SHORT};
use crate::token::Token;

impl Model<'_> {
    /// Returns how near the window of tokens is that is nearest to an attack, and the tokens from
    /// its first to its last one; `None` if there is no token.
    #[must_use]
    pub fn nearest(&self, tokens: &[Token]) -> Option<(f32, Range<usize>)> {
        // What repeats takes no place in a window.
        let kept: Vec<usize> = (0..tokens.len())
            .filter(|at| !tokens[*at].repeated)
            .collect();
        let mut sums = vec![0];
        for at in &kept {
            let mut sum = sums[sums.len() - 1];
            features(tokens, *at, |feature| sum += self.weight(feature));
            sums.push(sum);
        }
        let windows = [LONG, SHORT].into_iter().flat_map(|length| {
            let starts = (0..kept.len()).step_by(length / 4);
            starts.map(move |start| (length, start))
        });
        let scored = windows.map(|(length, start)| {
            let end = (start + length).min(kept.len());
            let logit = self.logit(sums[end] - sums[start], end - start);
            let scores = match length {
                LONG => Scores {
                    long: logit,
                    ..Scores::NONE
                },
                _ => Scores {
                    short: logit,
                    ..Scores::NONE
                },
            };
            (self.probability(scores), kept[start]..kept[end - 1] + 1)
        });
        scored.max_by(|one, other| one.0.total_cmp(&other.0))
    }
}
