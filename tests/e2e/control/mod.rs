//! The commands that administer what the control plane keeps.

mod gateways;
mod tokens;
