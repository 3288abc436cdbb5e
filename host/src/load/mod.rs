//! Loads a plugin library: first the checks that execute no code of the plugin, then
//! the exported block, then `init`.

mod elf;
mod host_block;
mod layout_cache;
mod library;
#[cfg(any(target_os = "macos", test))]
mod macho;
mod open;

pub(crate) use library::{LoadedPlugin, VtableError};
pub(crate) use open::load;
