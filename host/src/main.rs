//! `kt`: finds plugins, builds the command line from their manifests, loads the
//! one that a command needs, and renders its result. It contains no plugin names,
//! and no knowledge of gateways, services or control planes.

mod app;
mod atomic_file;
mod cache_file;
mod cli;
mod clock;
mod commands;
mod completion;
mod crash;
mod dirs;
mod discovery;
mod environment;
mod install;
mod library_process;
mod load;
mod logging;
mod options;
mod plugin_lock;
mod position;
mod process;
mod render;
mod rpc;
mod runtime;
mod selection;
mod settings;
mod startup;
mod suggestion;
mod supervision;
mod terminal_mode;
mod value_source;

use std::process::ExitCode;

fn main() -> ExitCode {
    let env = environment::Environment::read();
    if library_process::is_requested(&env) {
        return library_process::run(&env);
    }
    if completion::is_requested(&env) {
        return completion::run(&env);
    }
    // Must precede everything that opens a file; see there.
    let inherited = runtime::InheritedDescriptors::from_environment(&env);
    let print_error = |error: &_, code| app::print_error(&env, error, code);
    supervision::run(&env, || app::run(&env, inherited), print_error)
}
