//! Parsing of regular expressions.

use regex_syntax::hir::{Hir, HirKind};

/// A match must reach an end at least every so many bytes; beyond that the
/// search from its start is given up. Bounds the work per position.
pub const MAX_GAP_BYTES: usize = 512;

/// Parses a pattern in the syntax that the detectors use.
///
/// # Errors
/// A message that does not quote the pattern.
pub(crate) fn parse_pattern(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .nest_limit(100)
        .build()
        .parse(pattern)
        .map_err(|error| match error {
            regex_syntax::Error::Parse(e) => {
                format!("{} (at character {})", e.kind(), e.span().start.column)
            }
            regex_syntax::Error::Translate(e) => e.kind().to_string(),
            _ => "not a regular expression".to_owned(),
        })
}

/// Whether a part of a match that can be as long as [`MAX_GAP_BYTES`] is followed by more
/// that the match requires: such matches are not found.
pub(crate) fn has_long_gap(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Concat(parts) => {
            let mut is_long = false;
            parts.iter().any(|part| {
                let properties = part.properties();
                let is_required = properties.minimum_len() > Some(0);
                let follows = is_long && is_required;
                is_long |= properties
                    .maximum_len()
                    .is_none_or(|max| max >= MAX_GAP_BYTES);
                follows || has_long_gap(part)
            })
        }
        HirKind::Alternation(parts) => parts.iter().any(has_long_gap),
        HirKind::Capture(capture) => has_long_gap(&capture.sub),
        HirKind::Repetition(repetition) => has_long_gap(&repetition.sub),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{has_long_gap, parse_pattern};

    #[test]
    fn only_what_follows_a_long_part_makes_a_gap() {
        for (pattern, expected) in [
            ("a.*b", true),
            ("a[0-9]{0,600}b", true),
            ("(?:x(a.+)b)?c", true),
            ("ab|a.*b", true),
            ("sk-[a-z0-9]+", false),
            ("a.{0,120}b", false),
            ("a.*b?", false),
            ("a.*\\b", false),
        ] {
            let hir = parse_pattern(pattern).unwrap();
            assert_eq!(has_long_gap(&hir), expected, "{pattern}");
        }
    }
}
