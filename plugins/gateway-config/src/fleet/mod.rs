//! `reload` and `reconcile` of many gateways.

mod comparison;
mod reconcile;
mod reload;

pub(crate) use reconcile::run as reconcile;
pub(crate) use reload::run as reload;
