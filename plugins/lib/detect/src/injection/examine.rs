//! The score of a text.

use std::borrow::Cow;

use super::options::ReadingOptions;
use crate::classifier::{Model, Scores};
use crate::reading::{hidden_texts, readings, turn, without_encoded};
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
    let characters = options.characters(text);
    let mut examination = Examination::of(text, &characters, options);
    // A test reads the weights.
    if let Some(model) = Model::new(WEIGHTS) {
        let scores = examination.score(&model, &characters, options);
        examination.probability = model.probability(scores);
    }
    examination
}

impl Examination {
    /// Reads a text, of which `characters` are those that a reader sees.
    fn of(text: &str, characters: &str, options: ReadingOptions) -> Self {
        Self {
            probability: 0.0,
            readings: all_readings(text, characters, options),
            tokens: Vec::new(),
        }
    }

    /// Scores the text and its readings, and keeps their tokens.
    fn score(&mut self, model: &Model<'_>, characters: &str, options: ReadingOptions) -> Scores {
        let mut sums = Vec::new();
        let mut score = |characters: &str| {
            let mut found = Vec::new();
            tokens(characters, &mut found);
            (model.score(&found, &mut sums), found)
        };
        let own = own_reading(characters, options);
        let (mut scores, found) = score(&own);
        let is_whole = matches!(own, Cow::Borrowed(_));
        self.tokens.reserve(1 + self.readings.len());
        self.tokens.push(is_whole.then_some(found));
        for reading in &self.readings {
            let (more, found) = score(&options.characters(reading));
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
    let characters = options.characters(text);
    let mut examination = Examination::of(text, &characters, options);
    examination.score(model, &characters, options)
}

/// Returns the readings of a text: what is hidden in its characters, and what those that a reader
/// sees say once they are decoded, so that nothing invisible between them is in the way.
pub(super) fn all_readings(text: &str, characters: &str, options: ReadingOptions) -> Vec<String> {
    let mut all = readings(characters, options.decoding());
    if options.fold && !text.is_ascii() {
        // An accent stays on its letter when letters are rotated, and goes with it when characters
        // are folded.
        all.extend(turn(text));
        for hidden in hidden_texts(text) {
            all.extend(readings(&hidden, options.decoding()));
            all.push(hidden);
        }
    }
    all
}

/// Returns a text without what is read decoded.
pub(super) fn own_reading(text: &str, options: ReadingOptions) -> Cow<'_, str> {
    if options.decode {
        without_encoded(text)
    } else {
        Cow::Borrowed(text)
    }
}
