//! The commands that check a configuration without a gateway.

mod cases;
mod lint;
