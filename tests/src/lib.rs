//! Fuzz targets of kt. The end-to-end tests in `e2e` run them for a bounded time;
//! the crate in `/fuzz` runs them with libFuzzer. [`mod@bench`] is for the benchmarks.
//!
//! Some targets are private modules of executables and plugins, which no other
//! crate can depend on. Their source files are included here by path; such a file
//! must depend on nothing but what is declared in this file.

pub mod bench;
pub mod fuzz;

#[path = "../../host/src/options/reserved.rs"]
mod options;
#[path = "../../host/src/position.rs"]
mod position;
#[path = "../../host/src/suggestion.rs"]
mod suggestion;
