//! The suggestion and the help of a problem.

use super::Problem;

/// The longest word for which a suggestion is searched; no known word is as long.
const MAX_WORD_BYTES: usize = 64;

impl Problem {
    /// Sets the help: what to do.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the suggestion to the most similar of the known words, if one is similar enough.
    pub(crate) fn suggest<'a>(
        &mut self,
        word: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> &mut Self {
        self.suggestion = most_similar(word, known);
        self
    }
}

/// Returns the known word that is most similar to `word`, if a typing error can explain the
/// difference.
fn most_similar<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    if word.len() > MAX_WORD_BYTES {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    known
        .map(|candidate| {
            let normalized = candidate.replace('-', "_");
            (strsim::damerau_levenshtein(&word, &normalized), candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}
