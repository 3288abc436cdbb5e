//! Parsing of regular expressions.

use regex_syntax::hir::Hir;

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
