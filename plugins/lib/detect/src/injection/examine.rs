//! The score of a text.

use std::borrow::Cow;

use super::options::ReadingOptions;
use crate::classifier::{Model, Scores};
use crate::reading::{readings, without_encoded};
use crate::token::{Token, tokens};

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
    /// The tokens of the text, unless what is read decoded was left out of it, and of each of its
    /// readings.
    pub(super) tokens: Vec<Option<Vec<Token>>>,
}

/// Examines a text.
#[must_use]
pub fn examine_injection(text: &str, options: ReadingOptions) -> Examination {
    let mut examination = Examination {
        probability: 0.0,
        readings: readings(text, options.decoding()),
        tokens: Vec::new(),
    };
    // A test reads the weights.
    if let Some(model) = Model::new(WEIGHTS) {
        let scores = examination.score(&model, text, options);
        examination.probability = model.probability(scores);
    }
    examination
}

impl Examination {
    /// Scores the text and its readings, and keeps their tokens.
    fn score(&mut self, model: &Model<'_>, text: &str, options: ReadingOptions) -> Scores {
        let mut sums = Vec::new();
        let mut score = |text: &str| {
            let mut found = Vec::new();
            tokens(&options.characters(text), &mut found);
            (model.score(&found, &mut sums), found)
        };
        let own = own_reading(text, options);
        let (mut scores, found) = score(&own);
        let is_whole = matches!(own, Cow::Borrowed(_));
        self.tokens.reserve(1 + self.readings.len());
        self.tokens.push(is_whole.then_some(found));
        for reading in &self.readings {
            let (more, found) = score(reading);
            scores = scores.max(more);
            self.tokens.push(Some(found));
        }
        scores
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
    let mut examination = Examination {
        probability: 0.0,
        readings: readings(text, options.decoding()),
        tokens: Vec::new(),
    };
    examination.score(model, text, options)
}

/// Returns a text without what is read decoded.
pub(super) fn own_reading(text: &str, options: ReadingOptions) -> Cow<'_, str> {
    if options.decode {
        without_encoded(text)
    } else {
        Cow::Borrowed(text)
    }
}
