//! Suggestions for misspelled names.

#![forbid(unsafe_code)]

/// Names with a lower Jaro-Winkler similarity are not suggested.
const MIN_SIMILARITY: f64 = 0.8;

/// Returns the candidate that is most similar to `name`, if one is similar enough.
pub(crate) fn closest_match<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    candidates
        .map(|c| (strsim::jaro_winkler(c, name), c))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}
