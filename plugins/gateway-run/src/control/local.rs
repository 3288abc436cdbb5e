//! The files that a gateway was started with.

use crate::snapshot::Input;
use kt_plugin_api::{Error, Invocation};
use kt_policy_file::read_source;

/// Files to read, again and again.
pub(crate) struct Files<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) names: Vec<String>,
}

impl Files<'_> {
    /// Reads the files; they are parsed later, so that every way of taking a
    /// configuration reports its problems alike.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(crate) fn read(&self) -> Result<Input, Error> {
        let sources = self
            .names
            .iter()
            .map(|name| read_source(self.invocation, name))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Input {
            version: None,
            sources,
        })
    }
}
