//! Settings, each declared once: the declaration is the field of a struct, its decoder, its known
//! key, its default, what makes it weaker, its JSON Schema and its row in the documentation.

mod declaration;
mod declare;
mod form;
mod forms;
mod setting;

pub(crate) use declaration::{Declaration, Weaker, find};
pub(crate) use declare::{PolicySettings, Settings, settings};
pub(crate) use form::Form;
pub(crate) use forms::{
    any_mapping, boolean, choice, choices, duration, group, integer, list, only, patterns, ports,
    text, texts,
};
pub(crate) use setting::Setting;
