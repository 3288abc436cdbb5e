//! The commands that administer what the control plane keeps.

mod audit;
mod description;
mod diff;
mod gateways;
mod tokens;
