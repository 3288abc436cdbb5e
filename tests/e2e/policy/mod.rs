//! The commands that begin and check a configuration without a gateway.

mod cases;
mod init;
mod lint;
