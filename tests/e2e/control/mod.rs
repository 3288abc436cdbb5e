//! The commands that administer what the control plane keeps.

mod audit;
mod gateways;
mod tokens;
