//! The options that the commands for many gateways share.

use kt_control_api::LabelSelector;
use kt_plugin_api::{Class, Error};

use crate::selection::parse_selector;

/// The largest number of gateways that are changed at the same time.
const MAX_PARALLEL: usize = 100;

/// Which gateways are changed, and how many at a time.
#[derive(Debug, Clone)]
pub(crate) struct FleetOptions {
    /// Selects the gateways.
    pub(crate) selector: LabelSelector,
    /// The selector, as it was typed.
    pub(crate) selector_text: String,
    /// The number of gateways that the selector must match.
    pub(crate) expect_count: Option<usize>,
    /// The number of gateways of a wave.
    pub(crate) max_parallel: usize,
    /// The failures after which no further wave begins.
    pub(crate) max_failures: MaxFailures,
}

/// A number of failures, or a share of the planned changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxFailures {
    /// A number.
    Count(usize),
    /// Percent.
    Percent(usize),
}

impl FleetOptions {
    /// Parses the options.
    ///
    /// # Errors
    /// Class `usage` when the selector is empty or malformed, or a number is out of bounds.
    pub(crate) fn parse(
        selector: &[String],
        expect_count: Option<i64>,
        max_parallel: i64,
        max_failures: &str,
    ) -> Result<Self, Error> {
        Ok(Self {
            selector: parse_selector(selector)?,
            selector_text: selector.join(","),
            expect_count: expect_count
                .map(|count| {
                    usize::try_from(count).map_err(|_| {
                        invalid_number("`--expect-count` must not be negative".to_owned())
                    })
                })
                .transpose()?,
            max_parallel: parse_parallel(max_parallel)?,
            max_failures: max_failures.parse()?,
        })
    }
}

/// Parses `--max-parallel`.
///
/// # Errors
/// Class `usage` when it is out of bounds.
pub(crate) fn parse_parallel(number: i64) -> Result<usize, Error> {
    usize::try_from(number)
        .ok()
        .filter(|number| (1..=MAX_PARALLEL).contains(number))
        .ok_or_else(|| {
            invalid_number(format!(
                "`--max-parallel` must be between 1 and {MAX_PARALLEL}"
            ))
        })
}

impl std::str::FromStr for MaxFailures {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|percent| *percent <= 100)
                .map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| {
            invalid_number(format!(
                "`--max-failures` is a number or a percentage such as `10%`, and not `{text}`"
            ))
        })
    }
}

impl MaxFailures {
    /// Returns whether so many failures of so many changes are too many.
    #[must_use]
    pub fn is_exceeded(self, failures: usize, changes: usize) -> bool {
        match self {
            Self::Count(max) => failures > max,
            Self::Percent(max) => failures * 100 > max * changes,
        }
    }
}

fn invalid_number(message: String) -> Error {
    Error::new(Class::Usage, "invalid-number", message)
}

#[cfg(test)]
mod tests {
    use super::{FleetOptions, MaxFailures};

    #[test]
    fn failures_are_a_number_or_a_percentage() {
        let parse = |text: &str| text.parse::<MaxFailures>().ok();
        assert_eq!(parse("0"), Some(MaxFailures::Count(0)));
        assert_eq!(parse("10%"), Some(MaxFailures::Percent(10)));
        for text in ["", "-1", "101%", "x", "%", "1.5"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(MaxFailures::Count(0).is_exceeded(1, 100));
        assert!(!MaxFailures::Count(1).is_exceeded(1, 100));
        assert!(!MaxFailures::Percent(10).is_exceeded(10, 100));
        assert!(MaxFailures::Percent(10).is_exceeded(11, 100));
    }

    #[test]
    fn an_empty_selector_is_refused() {
        let options = |selector: &str, parallel| {
            FleetOptions::parse(&[selector.to_owned()], None, parallel, "0")
        };
        for selector in ["", " ", ","] {
            let error = options(selector, 1).unwrap_err();
            assert_eq!(error.id, "invalid-selector", "{selector}");
        }
        assert!(FleetOptions::parse(&[], None, 1, "0").is_err());
        assert!(options("team=x", 0).is_err());
        assert!(options("team=x", 101).is_err());
        assert_eq!(options("team=x", 100).unwrap().max_parallel, 100);
    }
}
