//! The score of a text.

use std::borrow::Cow;

use super::options::ReadingOptions;
use crate::classifier::{Model, Scores};
use crate::reading::{readings, without_encoded};
use crate::token::tokens;

/// The weights that are shipped; `MODEL.md` of `kt-detect-train` has their
/// origin.
pub(super) static WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// A text that was examined.
#[derive(Debug, Clone)]
pub struct Examination {
    /// How near it is to prompt injection, by the weights that are shipped: 0.5
    /// is worth a finding, 0.9 a refusal.
    pub probability: f32,
    /// Its decoded readings.
    pub(super) readings: Vec<String>,
}

/// Examines a text.
#[must_use]
pub fn examine_injection(text: &str, options: ReadingOptions) -> Examination {
    let readings = readings(text, options.decoding());
    // A test reads the weights.
    let probability = Model::new(WEIGHTS).map_or(0.0, |model| {
        model.probability(scores(&model, text, &readings, options))
    });
    Examination {
        probability,
        readings,
    }
}

/// Returns how near a text is to prompt injection, by the weights that are
/// shipped: 0.5 is worth a finding, 0.9 a refusal.
#[must_use]
pub fn injection_probability(text: &str, options: ReadingOptions) -> f32 {
    examine_injection(text, options).probability
}

/// Returns the highest scores of any reading of a text.
#[must_use]
pub fn injection_scores(model: &Model<'_>, text: &str, options: ReadingOptions) -> Scores {
    let readings = readings(text, options.decoding());
    scores(model, text, &readings, options)
}

fn scores(model: &Model<'_>, text: &str, readings: &[String], options: ReadingOptions) -> Scores {
    let (mut found, mut sums) = (Vec::new(), Vec::new());
    let mut score = |text: &str| {
        tokens(&options.characters(text), &mut found);
        model.score(&found, &mut sums)
    };
    let mut scores = score(&own_reading(text, options));
    for reading in readings {
        scores = scores.max(score(reading));
    }
    scores
}

/// Returns a text without what is read decoded.
pub(super) fn own_reading(text: &str, options: ReadingOptions) -> Cow<'_, str> {
    if options.decode {
        without_encoded(text)
    } else {
        Cow::Borrowed(text)
    }
}
