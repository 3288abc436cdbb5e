//! `kt plugin new`.

mod run;
mod templates;

pub(super) use run::run;
