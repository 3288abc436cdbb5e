//! Opens one plugin library: every check that needs no code of the plugin comes
//! first, then the exported block, then `init`.

mod elf;
mod library;
mod open;
mod verdict;

pub(crate) use library::{Loaded, Vtable};
pub(crate) use open::load;
