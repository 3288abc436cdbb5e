//! The commands that validate and test a configuration without a gateway.

mod cases;
mod explain;
mod lint;
mod schema;
mod test;

pub(crate) use lint::run as lint;
pub(crate) use schema::run as schema;
pub(crate) use test::run as test;
