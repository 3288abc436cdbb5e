//! The commands that create, validate and test a configuration without a gateway.

mod cases;
mod init;
mod lint;
mod schema;
