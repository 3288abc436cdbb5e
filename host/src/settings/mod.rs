//! Settings, by precedence: option, environment, profile, user file, system file,
//! default in the manifest.

#![forbid(unsafe_code)]

mod document;
mod files;
mod private;
mod profile;
mod resolve;
mod unknown;

pub(crate) use document::SettingsDocument;
pub(crate) use files::Layers;
pub(crate) use resolve::{resolve, resolve_all};
pub(crate) use unknown::{KnownSetting, known_setting, unknown_keys};
