//! The configuration files named on the command line.

use crate::snapshot::ConfigInput;
use kt_plugin_api::{Context, Error, Invocation};
use kt_policy_file::read_sources;
use std::path::PathBuf;

/// Configuration files that are read again at each reload.
pub(crate) struct ConfigFiles<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) context: &'a Context<'a>,
    pub(crate) paths: Vec<PathBuf>,
}

impl ConfigFiles<'_> {
    /// Reads the files. They are parsed later, so that problems are reported the
    /// same way for every source.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn read(&self) -> Result<ConfigInput, Error> {
        Ok(ConfigInput {
            version: None,
            sources: read_sources(self.invocation, self.context, &self.paths)?,
        })
    }
}
