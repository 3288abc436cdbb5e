//! The score of a text.

use std::borrow::Cow;

use super::options::ReadingOptions;
use crate::classifier::{Model, Scores};
use crate::reading::{readings, without_encoded};
use crate::token::tokens;

/// The weights that are shipped; `MODEL.md` of `kt-detect-train` has their
/// origin.
static WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// Returns how near a text is to prompt injection, by the weights that are
/// shipped: 0.5 is worth a finding, 0.9 a refusal.
#[must_use]
pub fn injection_probability(text: &str, options: ReadingOptions) -> f32 {
    // A test reads the weights.
    Model::new(WEIGHTS).map_or(0.0, |model| {
        model.probability(injection_scores(&model, text, options))
    })
}

/// Returns the highest scores of any reading of a text.
#[must_use]
pub fn injection_scores(model: &Model<'_>, text: &str, options: ReadingOptions) -> Scores {
    let (mut found, mut sums) = (Vec::new(), Vec::new());
    let mut score = |text: &str| {
        tokens(&options.characters(text), &mut found);
        model.score(&found, &mut sums)
    };
    let own = if options.decode {
        without_encoded(text)
    } else {
        Cow::Borrowed(text)
    };
    let mut scores = score(&own);
    for reading in readings(text, options.decoding()) {
        scores = scores.max(score(&reading));
    }
    scores
}
