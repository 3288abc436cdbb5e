//! The host's own commands and manners.

mod arguments;
mod completion;
mod doctor;
mod help;
mod output;
mod profiles;
mod settings;
mod supervised;
mod version;
