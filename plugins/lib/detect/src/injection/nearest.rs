//! What of a text is nearest to prompt injection.

use super::examine::{WEIGHTS, all_readings, own_reading};
use super::options::ReadingOptions;
use crate::classifier::Model;
use crate::token::tokens;

/// The part of a text that decides its score.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestWindow {
    /// How near it is: 0.5 is worth a finding, 0.9 a refusal.
    pub probability: f32,
    /// Its folded characters, decoded if they were encoded.
    pub text: String,
}

/// Returns what of a text is nearest to prompt injection; `None` if it has no words.
#[must_use]
pub fn nearest_window(text: &str, options: ReadingOptions) -> Option<NearestWindow> {
    let model = Model::new(WEIGHTS)?;
    let characters = options.characters(text);
    let own = own_reading(&characters, options).into_owned();
    let mut all = all_readings(text, &characters, options);
    all.insert(0, own);
    let mut found = Vec::new();
    let windows = all.iter().filter_map(|reading| {
        let characters = options.characters(reading);
        tokens(&characters, &mut found);
        let (probability, window) = model.nearest(&found)?;
        let (first, last) = (&found[window.start], &found[window.end - 1]);
        Some(NearestWindow {
            probability,
            text: characters[first.range().start..last.range().end].to_owned(),
        })
    });
    windows.max_by(|one, other| one.probability.total_cmp(&other.probability))
}
