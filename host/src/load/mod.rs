//! Loads a plugin library: first the checks that execute no code of the plugin, then
//! the exported block, then `init`.

mod elf;
mod host_block;
mod interfaces;
mod layout_cache;
mod library;
#[cfg(any(target_os = "macos", test))]
mod macho;
mod open;
mod program;

#[cfg(not(target_os = "macos"))]
pub(crate) use elf::read_manifest;
pub(crate) use interfaces::check_interfaces;
pub(crate) use library::LoadedPlugin;
#[cfg(target_os = "macos")]
pub(crate) use macho::read_manifest;
pub(crate) use open::{attributed, check_files, load};
pub(crate) use program::{check_process, command, program};
