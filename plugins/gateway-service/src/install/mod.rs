//! Installs a service as one transaction.

mod binding;
mod flow;
mod transact;

pub(crate) use flow::{Installed, Wanted, install, refuse_from_inside};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wishes_tests;
