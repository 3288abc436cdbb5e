//! Whole-product tests: the staged `kt` and its plugins as real processes.
//!
//! Run `make build PROFILE=staging` first, then
//! `cargo test -p kt-tests --profile staging`. `KT_BLESS=1` rewrites the golden
//! files. What a test needs from the system is installed by
//! `tests/scripts/setup.sh`; without it a test says that it is skipped, and
//! fails when `CI` is set.

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
mod install;
mod modelled;
mod plugins;
mod policy;
mod reference;
mod services;
mod third_party;
