//! The rules of the house: who may import whom, how large a file may be, where
//! `unsafe` may stand, and what no file may be called.

mod files;
mod imports;
mod metadata;
mod modules;
mod source;

pub(crate) use metadata::metadata;
