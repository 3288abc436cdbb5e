//! What the host sees: commands that serve and keep a store, and one provider that is embedded.

mod database;
mod failure;
mod provider;
mod root;
mod serve_command;
mod upkeep;
