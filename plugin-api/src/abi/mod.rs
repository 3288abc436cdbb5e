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
mod version;

#[cfg(feature = "next")]
pub use boundary::NEXT;
pub use boundary::{BoundaryStruct, SIZE_MAX, StructError, check_flags, fill, read, size_u32};
pub use codes::{call, cancel, emit, log, status};
pub use context::{KtCallOptions, KtContext, KtProvider};
pub use entry::{KtHost, KtPlugin};
pub use interfaces::{KtCommandV1, KtInterfaceV1};
#[cfg(feature = "layout")]
pub use layout::{KtAbi, LAYOUT_SYMBOL, LayoutExport};
pub use table::{FieldLayout, StructLayout, layout_table};
pub use text::{KtReply, KtSink, KtStr, TextError};
pub use version::{ABI_MAJOR, ABI_MINOR, COMMAND_INTERFACE, MAGIC, SYMBOL};
