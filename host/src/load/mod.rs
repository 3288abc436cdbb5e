//! Loads a plugin library: first the checks that execute no code of the plugin, then
//! the exported block, then `init`.

mod elf;
mod host_block;
mod layout_cache;
mod library;
#[cfg(any(target_os = "macos", test))]
mod macho;
mod open;

#[cfg(not(target_os = "macos"))]
pub(crate) use elf::read_manifest;
pub(crate) use library::{LoadedPlugin, VtableError};
#[cfg(target_os = "macos")]
pub(crate) use macho::read_manifest;
pub(crate) use open::{check_files, load, loaded_dirs};
