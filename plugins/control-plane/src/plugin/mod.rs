//! What the host sees: one command that serves, and one provider that is embedded.

mod database;
mod provider;
mod root;
mod serve_command;
