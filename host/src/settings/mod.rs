//! Settings: flag > environment > profile > the person's file > the system's
//! file > the manifest's default.

#![forbid(unsafe_code)]

mod files;
mod private;
mod profile;
mod resolve;
mod unknown;

pub(crate) use files::Layers;
pub(crate) use resolve::{resolve, resolve_all};
pub(crate) use unknown::unknown_keys;
