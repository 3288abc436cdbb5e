//! Output formats.

use crate::selection::{FORMATS, Selection};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use std::ffi::OsStr;

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

/// Checks the value of `--output`.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        match value.to_str().map(Selection::parse) {
            Some(Ok(Some(_))) => Ok(value.to_string_lossy().into_owned()),
            Some(Err(message)) => {
                Err(Error::raw(ErrorKind::ValueValidation, message + "\n").with_cmd(command))
            }
            _ => PossibleValuesParser::new(OutputFormat::names()).parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names = OutputFormat::names().into_iter().chain(FORMATS);
        Some(Box::new(names.map(PossibleValue::new)))
    }
}
