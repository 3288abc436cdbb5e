//! The commands that check a configuration without a gateway.

mod lint;

pub(crate) use lint::run as lint;
