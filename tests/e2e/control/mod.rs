//! The commands that administer what the control plane keeps.

mod audit;
mod description;
mod gateways;
mod tokens;
mod upkeep;
