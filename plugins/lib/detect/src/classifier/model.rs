//! The weights.

use super::feature::{BITS, normalizer};

/// Numbers before the weights, `f32` little-endian.
const HEADER: usize = 6;

/// The highest logits of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Of windows of [`super::LONG`] tokens.
    pub long: f32,
    /// Of windows of [`super::SHORT`] tokens.
    pub short: f32,
}

impl Scores {
    /// Scores of nothing.
    pub const NONE: Self = Self {
        long: f32::NEG_INFINITY,
        short: f32::NEG_INFINITY,
    };

    /// Returns the higher of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            long: self.long.max(other.long),
            short: self.short.max(other.short),
        }
    }
}

/// The logits at which a text is flagged and blocked, of one length of window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Worth a finding.
    pub flag: f32,
    /// Worth a refusal.
    pub block: f32,
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Model<'w> {
    scale: f32,
    bias: f32,
    /// Thresholds of long windows.
    pub long: Thresholds,
    /// Thresholds of short windows.
    pub short: Thresholds,
    /// `i8` each.
    weights: &'w [u8],
}

impl<'w> Model<'w> {
    /// Reads a model; `None` when the bytes are not one.
    #[must_use]
    pub fn new(bytes: &'w [u8]) -> Option<Self> {
        let (header, weights) = bytes.split_at_checked(HEADER * 4)?;
        let numbers = header.as_chunks::<4>().0;
        let number = |at: usize| f32::from_le_bytes(numbers[at]);
        let thresholds = |at: usize| Thresholds {
            flag: number(at),
            block: number(at + 1),
        };
        (weights.len() == 1 << BITS).then(|| Self {
            scale: number(0),
            bias: number(1),
            long: thresholds(2),
            short: thresholds(4),
            weights,
        })
    }

    /// Writes a model as [`Model::new`] reads it.
    #[must_use]
    pub fn encode(
        (scale, bias): (f32, f32),
        long: Thresholds,
        short: Thresholds,
        weights: &[i8],
    ) -> Vec<u8> {
        let header = [scale, bias, long.flag, long.block, short.flag, short.block];
        let header = header.into_iter().flat_map(f32::to_le_bytes);
        header
            .chain(weights.iter().map(|w| w.cast_unsigned()))
            .collect()
    }

    /// Returns how near to an attack a text with these scores is: 0.5 at the
    /// thresholds for a finding, 0.9 at those for a refusal.
    #[must_use]
    pub fn probability(&self, scores: Scores) -> f32 {
        let relative = |score: f32, at: Thresholds| (score - at.flag) / (at.block - at.flag);
        let nearer = relative(scores.long, self.long).max(relative(scores.short, self.short));
        // The odds are 1 at the one and 9 at the other.
        1.0 / (1.0 + (-nearer * 9_f32.ln()).exp())
    }

    #[inline]
    pub(super) fn weight(&self, feature: usize) -> i32 {
        i32::from(self.weights[feature].cast_signed())
    }

    /// The logit of a window of `tokens` tokens with this sum of weights.
    pub(super) fn logit(&self, sum: i32, tokens: usize) -> f32 {
        self.bias + self.scale * sum as f32 / normalizer(tokens)
    }
}
