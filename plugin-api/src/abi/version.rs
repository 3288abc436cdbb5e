//! The version of the ABI, and the names by which both sides find one another.

/// Major version of the ABI; part of the exported symbol's name.
pub const ABI_MAJOR: u16 = 1;
/// Minor version of the ABI; incremented with every appended field.
pub const ABI_MINOR: u16 = if cfg!(feature = "next") { 1 } else { 0 };
/// The first bytes of the exported block.
pub const MAGIC: [u8; 8] = *b"KTPLUGIN";
/// The symbol that a plugin must export.
pub const SYMBOL: &str = "kt_plugin_v1";
/// The interface id of [`super::KtCommandV1`]; every other id is a
/// [`super::KtInterfaceV1`].
pub const COMMAND_INTERFACE: &str = "kt.command/1";
