//! Installs, links and removes plugins of the user. A change is prepared in a hidden
//! directory beside the installed plugins and takes effect with one rename.

#![forbid(unsafe_code)]

mod archive;
mod artifact;
mod failpoint;
mod files;
mod installer;
mod signature;
mod staging;

pub(crate) use artifact::{Artifact, Candidate};
pub(crate) use installer::Installer;
pub(crate) use signature::{Publisher, key_id};
