//! `kt plugin new`.

mod name;
mod run;
mod templates;

pub(super) use run::run;
