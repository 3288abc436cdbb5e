//! For the build scripts of plugins: typed arguments from the manifest.
//!
//! The build script of a plugin calls [`generate_args`]; a module of the plugin includes
//! the result with [`crate::include_args!`]. The manifest then has a struct for each
//! command, so that a name or a type that does not match it does not compile, and an
//! argument that the plugin never reads is a warning of the compiler.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     kt_plugin_api::build::generate_args("plugin.toml")
//! }
//! ```

mod generate;
mod names;

pub use generate::generate_args;
