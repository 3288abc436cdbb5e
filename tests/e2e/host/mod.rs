//! The built-in commands, and the conventions of the command line.

mod arguments;
mod completion;
mod doctor;
mod help;
mod output;
mod profiles;
mod prompts;
mod settings;
mod shell_session;
mod supervised;
mod terminal;
mod terminal_safety;
mod version;
