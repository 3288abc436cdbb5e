//! Settings, by precedence: option, environment, profile, user file, system file,
//! default in the manifest.

#![forbid(unsafe_code)]

mod files;
mod private;
mod profile;
mod resolve;
mod unknown;

pub(crate) use files::Layers;
pub(crate) use resolve::{resolve, resolve_all};
pub(crate) use unknown::unknown_keys;
