//! `kt gateway edit`.

mod draft;
mod editor;
mod run;

pub(crate) use run::run;
