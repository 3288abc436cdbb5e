//! The commands that validate and test a configuration without a gateway.

mod cases;
mod lint;
mod test;

pub(crate) use lint::run as lint;
pub(crate) use test::run as test;
