//! The words that name one side of a comparison.

use kt_plugin_api::{Class, Error};
use std::path::PathBuf;

/// What is compared, as the options name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selector {
    /// What the live instances serve.
    Applied,
    /// The desired version; nothing if there is none.
    Desired,
    /// The applied version, or the desired one if no instance is live.
    AppliedOrDesired,
    /// A version by its number.
    Version(u64),
    /// Configuration files, later ones over earlier ones.
    Files(Vec<PathBuf>),
}

impl Selector {
    /// Parses a value of `--from` or `--to`. What is no version is a file; `./3` is one too.
    pub(super) fn parse(text: &str) -> Self {
        Self::parse_version(text).unwrap_or_else(|| Self::Files(vec![PathBuf::from(text)]))
    }

    /// Parses the value of `--against`.
    ///
    /// # Errors
    /// Class `usage` if it names no version.
    pub(super) fn parse_against(text: &str) -> Result<Self, Error> {
        Self::parse_version(text).ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-against",
                format!("`{text}` is not a valid value of `--against`"),
            )
            .hint("use `applied`, `desired` or the number of a version")
        })
    }

    fn parse_version(text: &str) -> Option<Self> {
        match text {
            "applied" => Some(Self::Applied),
            "desired" => Some(Self::Desired),
            _ => {
                let number = text.strip_prefix("version:").unwrap_or(text);
                let number = number.parse().ok().filter(|number| *number > 0)?;
                Some(Self::Version(number))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Selector;
    use std::path::PathBuf;

    #[test]
    fn what_names_no_version_is_a_file() {
        assert_eq!(Selector::parse("3"), Selector::Version(3));
        assert_eq!(Selector::parse("version:3"), Selector::Version(3));
        assert_eq!(Selector::parse("applied"), Selector::Applied);
        assert_eq!(Selector::parse("desired"), Selector::Desired);
        for file in ["./3", "0", "-", "3.yaml", "Applied", "-1"] {
            assert_eq!(
                Selector::parse(file),
                Selector::Files(vec![PathBuf::from(file)])
            );
            assert!(Selector::parse_against(file).is_err());
        }
    }
}
