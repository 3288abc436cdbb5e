//! `kt`: finds plugins, builds the command line from their manifests, loads the
//! one that is needed, and renders what it returns. It names no plugin and
//! knows nothing of gateways, services or control planes.

mod app;
mod cli;
mod commands;
mod dirs;
mod discovery;
mod environment;
mod load;
mod render;
mod services;
mod settings;
mod supervision;

use std::process::ExitCode;

fn main() -> ExitCode {
    let env = environment::Environment::read();
    // Before anything is opened: see there.
    let inherited = services::Inherited::take_all(&env);
    let show = |error: &_, code| app::show(&env, error, code);
    supervision::run(&env, || app::run(&env, inherited), show)
}
