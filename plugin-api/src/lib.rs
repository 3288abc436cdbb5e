//! The stable plugin ABI of `kt`, and the SDK for plugin authors on top of it.
//!
//! The contract is the C header `include/kt_plugin.h` with the rules in
//! `ABI.md`. [`abi`] mirrors the header field by field; everything else is
//! what an author of a Rust plugin works with:
//!
//! - [`Plugin`] is the root of a plugin, [`export_plugin!`] exports it;
//! - [`Command`] runs the commands that the plugin's manifest declares;
//! - [`Provider`] answers calls of an interface, with [`service`] as the typed
//!   form of `kt.service/1`;
//! - [`Context`] is what the host offers during a call: cancellation,
//!   events, questions, and the providers of other plugins;
//! - [`Output`] is what a command returns, and [`Error`] how it fails. A
//!   plugin never prints and never chooses an exit code: it returns data and a
//!   [`Class`].
//!
//! This crate depends on nothing else of kt.

pub mod abi;
mod class;
mod error;
mod invocation;
pub mod manifest;
mod output;
#[doc(hidden)]
pub mod sdk;
pub mod service;

pub use class::Class;
pub use error::{Error, ErrorBody, Location, ProblemItem};
pub use invocation::{Args, Dirs, Invocation, OutputMode};
pub use output::{CellFormat, Column, Event, Field, Output, View};
pub use sdk::context::{Cancel, Context, ProviderInfo};
pub use sdk::plugin::{Command, CompletionRequest, ControlPlane, Host, Plugin, Provider};
pub use sdk::provider::ProviderHandle;
