//! The Rust mirror of `include/kt_plugin.h`, field by field.
//!
//! With the feature `layout` every struct derives `abi_stable::StableAbi`, so
//! that a type without a stable layout does not compile, and the host can compare
//! the layout description of a plugin with its own.

mod boundary;
mod codes;
mod context;
mod entry;
mod interfaces;
#[cfg(feature = "layout")]
mod layout;
mod table;
mod text;

pub use boundary::{BoundaryStruct, SIZE_MAX, StructError, check_flags, fill, read, size_u32};
pub use codes::{call, cancel, emit, log, status};
pub use context::{KtCallOptions, KtContext, KtProvider};
pub use entry::{KtHost, KtPlugin};
pub use interfaces::{KtCommandV1, KtInterfaceV1};
#[cfg(feature = "layout")]
pub use layout::{KtAbi, LAYOUT_SYMBOL, LayoutExport};
pub use table::{FieldLayout, StructLayout, layout_table};
pub use text::{KtReply, KtSink, KtStr, TextError};

/// Major version of the ABI; part of the exported symbol's name.
pub const ABI_MAJOR: u16 = 1;
/// Minor version of the ABI; incremented with every appended field.
pub const ABI_MINOR: u16 = 0;
/// The first bytes of the exported block.
pub const MAGIC: [u8; 8] = *b"KTPLUGIN";
/// The symbol that a plugin must export.
pub const SYMBOL: &str = "kt_plugin_v1";
/// The interface id of [`KtCommandV1`]; every other id is a [`KtInterfaceV1`].
pub const COMMAND_INTERFACE: &str = "kt.command/1";
