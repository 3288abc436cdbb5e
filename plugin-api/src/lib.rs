//! The stable plugin ABI of `kt`, and the SDK for plugin authors on top of it.
//!
//! The contract is the C header `include/kt_plugin.h` with the rules in
//! `ABI.md`. [`abi`] mirrors the header field by field; everything else is
//! the API for plugins in Rust:
//!
//! - [`Plugin`] is the root of a plugin, [`export_plugin!`] exports it;
//! - [`Command`] runs the commands that the plugin's manifest declares;
//! - [`Provider`] handles calls of an interface; [`service`] is the typed form
//!   of `kt.service/1`, and [`policy`] that of `kt.policy/1`;
//! - [`Context`] gives access to the host during a call: cancellation, events,
//!   prompts, and the providers of other plugins;
//! - [`Output`] is the result of a command, and [`Error`] its failure. A plugin
//!   never prints and never chooses an exit code: it returns data and a
//!   [`Class`].
//!
//! This crate does not depend on any other crate of kt.

/// The C header, which is the contract: `include/kt_plugin.h`.
pub const C_HEADER: &str = include_str!("../include/kt_plugin.h");

pub mod abi;
mod arguments;
#[cfg(feature = "build")]
pub mod build;
mod class;
pub mod doctor;
mod error;
mod invocation;
pub mod manifest;
mod message;
mod output;
pub mod plugin_test;
pub mod policy;
mod printable;
#[cfg(feature = "schema")]
pub mod schema;
#[doc(hidden)]
pub mod sdk;
pub mod service;

pub use arguments::{ArgValue, CommandArgs, FromArg};
pub use class::Class;
pub use error::{Error, ErrorBody, Location, ProblemItem};
pub use invocation::{Args, Dirs, Invocation, OutputMode};
pub use message::{Message, Prompt, PromptKind};
pub use output::{CellFormat, Column, Event, Field, Output, View};
pub use printable::{is_unprintable, printable, printable_json, printable_line};
pub use sdk::context::{Cancel, Context};
pub use sdk::input::Input;
pub use sdk::memory::release_free_memory;
pub use sdk::plugin::{Command, CompletionRequest, ControlPlane, Host, Plugin, Provider};
pub use sdk::provider::{ProviderHandle, ProviderInfo};
#[doc(hidden)]
pub use serde_json::Value;
