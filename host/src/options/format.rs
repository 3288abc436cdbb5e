//! Output formats.

/// How a result is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// A table or a description, for users.
    #[default]
    Table,
    /// A table with additional columns.
    Wide,
    /// One JSON value.
    Json,
    /// One YAML document.
    Yaml,
    /// Names, one per line.
    Name,
}

impl OutputFormat {
    const NAMES: [(&'static str, Self); 5] = [
        ("table", Self::Table),
        ("wide", Self::Wide),
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("name", Self::Name),
    ];

    /// Returns the names of every format.
    pub(super) fn names() -> Vec<&'static str> {
        Self::NAMES.iter().map(|(name, _)| *name).collect()
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::NAMES.iter();
        all.find(|(n, _)| *n == name).map(|(_, format)| *format)
    }

    pub(crate) fn name(self) -> &'static str {
        let mut all = Self::NAMES.iter();
        all.find(|(_, format)| *format == self)
            .map_or("table", |(name, _)| name)
    }
}
