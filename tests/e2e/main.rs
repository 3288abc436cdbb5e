//! End-to-end tests: the staged `kt` and its plugins as real processes.
//!
//! Run `make build PROFILE=staging` first, then
//! `cargo test -p kt-tests --profile staging`. `KT_BLESS=1` rewrites the golden
//! files. `tests/scripts/setup.sh` installs what the tests need from the system; a
//! test without it is skipped with a message, and fails when `CI` is set.

mod architecture;
mod commands;
mod control;
mod dependencies;
mod docs;
mod fuzz;
mod gateway;
mod guard;
mod harness;
mod host;
mod modelled;
mod packaging;
mod plugins;
mod policy;
mod reference;
mod services;
mod third_party;
