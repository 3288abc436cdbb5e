//! Installs a service as one transaction.

mod conflicts;
#[cfg(test)]
pub(crate) mod fixtures;
mod outcome;
mod request;
mod transaction;
mod workflow;

pub(crate) use outcome::InstallOutcome;
pub(crate) use request::InstallRequest;
pub(crate) use workflow::install;

#[cfg(test)]
mod options_tests;
#[cfg(test)]
mod tests;
