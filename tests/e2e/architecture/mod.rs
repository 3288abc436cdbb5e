//! The rules of the source: which crate and which module may import which, how
//! large a file may be, where `unsafe` is allowed, and which words are not used.

mod automation;
mod files;
mod imports;
mod manifests;
mod metadata;
mod modules;
mod source;
mod words;

pub(crate) use metadata::metadata;
