//! Runs kt: from the arguments to the exit code.

#![forbid(unsafe_code)]

use crate::cli::{self, Route, Tree};
use crate::clock::unix_ms_after;
use crate::commands::{self, CommandContext};
use crate::crash;
use crate::discovery::{
    self, CatalogEntry, DiscoveredPlugin, PluginManifest, PluginState, Registry,
};
use crate::environment::{self, Environment};
use crate::logging;
use crate::options::{self, GlobalOptions, OutputFormat};
use crate::render::{Terminal, terminal_width};
use crate::runtime::{InheritedDescriptors, Runner};
use crate::settings::unknown_keys;
use crate::startup::Startup;
use crate::supervision::RunOutcome;
use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use kt_plugin_api::manifest::{CommandSpec, OutcomeSpec};
use kt_plugin_api::{Class, Error, Output, OutputMode, printable};
use std::time::Duration;

/// Runs kt, with the descriptors from the service manager.
pub(crate) fn run(env: &Environment, inherited: InheritedDescriptors) -> RunOutcome {
    if options::only_version_requested(env) {
        let version = concat!("kt ", env!("CARGO_PKG_VERSION"), "\n");
        return print_text(&terminal_without_options(env), version);
    }
    let mut startup = match Startup::read(env) {
        Ok(startup) => startup,
        Err(error) => return fail_early(env, &error),
    };
    let parsed = cli::parse(&startup.registry, &env.args, terminal_width(env));
    let (tree, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(rejected) => return reject_arguments(env, &rejected, &startup.registry),
    };
    let global = match GlobalOptions::read(&matches, env) {
        Ok(global) => global,
        Err(e) => return fail_early(env, &Error::new(Class::Settings, "invalid-variable", e)),
    };
    let terminal = Terminal::new(&global, env);
    crash::use_json(terminal.format == OutputFormat::Json);
    match log_level(&global, env) {
        Ok(level) => logging::set_max_level(level),
        Err(error) => return fail_early(env, &error),
    }
    let may_be_new = creates_profile(&tree, &matches, &startup.registry);
    startup.select_profile(global.profile.as_deref(), may_be_new);
    let providers = startup.providers(inherited, startup.isolation(global.isolate));
    let app = App {
        context: CommandContext {
            env,
            dirs: &startup.dirs,
            search: &startup.search,
            registry: &startup.registry,
            providers: &providers,
            layers: &startup.layers,
            terminal: &terminal,
        },
        startup: &startup,
        global: &global,
    };
    let outcome = app.run(&tree, &matches);
    // The process ends: to free the memory of the tree and of the manifests takes longer than to
    // leave it.
    drop(providers);
    std::mem::forget((tree, matches, startup));
    outcome
}

struct App<'a> {
    context: CommandContext<'a>,
    startup: &'a Startup<'a>,
    global: &'a GlobalOptions,
}

impl App<'_> {
    fn run(&self, tree: &Tree, matches: &ArgMatches) -> RunOutcome {
        let (result, outcomes) = match tree.route(matches) {
            Some((route, matches)) => {
                self.warn_of_unknown_settings(&route);
                self.run_route(&route, matches)
            }
            None => (Err(Error::internal("the command has no route")), Vec::new()),
        };
        let terminal = &self.context.terminal;
        let printed = terminal.final_result(result).and_then(|output| {
            output
                .iter()
                .try_for_each(|output| terminal.print_output(output))?;
            Ok(output)
        });
        self.context.providers.shut_down();
        match printed {
            Ok(output) => {
                let outcome = output.as_ref().and_then(|output| output.outcome.as_deref());
                RunOutcome::completed(exit_code(outcome, Class::Ok, &outcomes))
            }
            Err(error) => {
                let code = exit_code(error.outcome.as_deref(), error.class, &outcomes);
                self.context.terminal.print_error(&error, code);
                RunOutcome::failed(code, error)
            }
        }
    }

    /// Warns of settings that nothing reads: a misspelled one would be ignored without a
    /// word. Commands about settings report them in their results.
    fn warn_of_unknown_settings(&self, route: &Route) {
        use crate::cli::BuiltinCommand::{
            ConfigEdit, ConfigSet, ConfigShow, ConfigUnset, Doctor, PluginCheck,
        };
        let reported = matches!(
            route,
            Route::Builtin(
                ConfigEdit | ConfigSet | ConfigShow | ConfigUnset | Doctor | PluginCheck
            ) | Route::Refused(_)
        );
        // Without some of the plugins, their settings look unknown.
        let Ok(layers) = self.context.layers.as_ref() else {
            return;
        };
        if reported || layers.all.is_empty() || !self.startup.has_all_plugins() {
            return;
        }
        for line in unknown_keys(layers, &self.context.setting_specs()) {
            self.context.terminal.print_warning(&line);
        }
    }

    fn run_route(
        &self,
        route: &Route,
        matches: &ArgMatches,
    ) -> (Result<Output, Error>, Vec<OutcomeSpec>) {
        match route {
            Route::Builtin(command) => {
                (commands::run(*command, matches, &self.context), Vec::new())
            }
            Route::NotInstalled(entry) => (Err(not_installed(entry)), Vec::new()),
            Route::Refused(error) => (Err(error.clone()), Vec::new()),
            Route::Plugin(path) => match self.context.registry.command(path) {
                Some((plugin, manifest, spec)) => {
                    let result = self.run_plugin((plugin, manifest, &spec), matches);
                    (result, spec.outcomes)
                }
                None => (
                    Err(Error::internal("the command has no plugin")),
                    Vec::new(),
                ),
            },
        }
    }

    fn run_plugin(
        &self,
        (plugin, manifest, spec): (&DiscoveredPlugin, &PluginManifest, &CommandSpec),
        matches: &ArgMatches,
    ) -> Result<Output, Error> {
        let context = &self.context;
        let mut parsed = cli::parse_arguments(spec, &manifest.settings, matches)?;
        if let Some(missing) = parsed.missing.take() {
            return Err(missing);
        }
        let timeout = parsed.timeout;
        let output = OutputMode {
            format: self.global.format.name().to_owned(),
            interactive: context.terminal.interactive,
            terminal: context.terminal.stdout_is_terminal,
        };
        let yes = self.global.yes;
        let invocation = self
            .startup
            .invocation((manifest, spec), parsed, yes, output)?;
        let runner = Runner {
            providers: context.providers,
            console: context.terminal,
        };
        let result = runner.run((plugin, manifest, spec), &invocation, deadline(timeout));
        let running = context.providers.running_dirs();
        let survived = |p: &&DiscoveredPlugin| p.crashes > 0 && running.contains(&p.dir);
        context
            .registry
            .all
            .iter()
            .filter(survived)
            .for_each(discovery::record_success);
        result
    }
}

/// Returns whether the command may create the profile.
fn creates_profile(tree: &Tree, matches: &ArgMatches, registry: &Registry) -> bool {
    let Some((Route::Plugin(path), _)) = tree.route(matches) else {
        return false;
    };
    registry
        .command(&path)
        .is_some_and(|(_, _, spec)| spec.creates_profile)
}

/// Returns the deadline as Unix time in milliseconds; 0 for none.
fn deadline(timeout: Option<u64>) -> u64 {
    timeout.map_or(0, |ms| unix_ms_after(Duration::from_millis(ms)).max(1))
}

/// Returns the exit code of an outcome that the manifest declares, or of a class.
fn exit_code(outcome: Option<&str>, class: Class, declared: &[OutcomeSpec]) -> u8 {
    let Some(name) = outcome else {
        return class.exit_code();
    };
    declared
        .iter()
        .find(|o| o.name == name)
        .map(|o| o.code)
        .or_else(|| Class::from_name(name).map(Class::exit_code))
        .unwrap_or_else(|| Class::Plugin.exit_code())
}

fn not_installed(entry: &CatalogEntry) -> Error {
    Error::new(
        Class::Plugin,
        "plugin-not-installed",
        format!(
            "this command requires the plugin `{}`, which is not installed",
            entry.plugin
        ),
    )
    .hint(format!("install the package `{}`", entry.package))
    .data("plugin", entry.plugin.clone())
    .data("package", entry.package.clone())
}

fn log_level(global: &GlobalOptions, env: &Environment) -> Result<u32, Error> {
    use kt_plugin_api::abi::log as level;
    if let Some(name) = env.var(environment::LOG) {
        return logging::level_from_name(name).ok_or_else(|| {
            let message = format!(
                "`{}` is `{name}`: expected off, error, warn, info, debug or trace",
                environment::LOG
            );
            Error::new(Class::Settings, "invalid-variable", message)
        });
    }
    Ok(match (global.quiet, global.verbose) {
        (true, _) => level::ERROR,
        (_, 0) => level::WARN,
        (_, 1) => level::INFO,
        (_, 2) => level::DEBUG,
        _ => level::TRACE,
    })
}

/// Prints help and version as data, and everything else as an error.
fn reject_arguments(
    env: &Environment,
    (tree, error): &(Tree, clap::Error),
    registry: &Registry,
) -> RunOutcome {
    let terminal = terminal_without_options(env);
    if cli::is_help(error) {
        return print_text(&terminal, &error.render().ansi().to_string());
    }
    let unknown_command = error.kind() == ErrorKind::InvalidSubcommand;
    let hints: Vec<String> = if unknown_command {
        let elsewhere = commands_elsewhere(error, tree);
        elsewhere
            .into_iter()
            .chain(refused_plugins(registry))
            .collect()
    } else {
        Vec::new()
    };
    let text = error.render().to_string();
    let usage_error = cli::usage_error(error);
    let usage_error = hints.iter().cloned().fold(usage_error, Error::hint);
    if options::json_requested(env) {
        return fail_early(env, &usage_error);
    }
    // With styles, the sequences of an argument cannot be distinguished from those of the message.
    let rendered = if printable(&text) == text {
        error.render().ansi().to_string()
    } else {
        printable(&text).into_owned()
    };
    terminal.print_stderr(rendered.trim_end());
    for hint in hints {
        terminal.print_stderr(&format!("\n  hint: {hint}"));
    }
    RunOutcome::failed(usage_error.class.exit_code(), usage_error)
}

fn print_text(terminal: &Terminal, text: &str) -> RunOutcome {
    RunOutcome::completed(match terminal.print_data(text) {
        Ok(()) => 0,
        Err(_) => Class::Internal.exit_code(),
    })
}

/// Returns a hint to the commands of that name in other groups.
fn commands_elsewhere(error: &clap::Error, tree: &Tree) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let commands = tree.commands_named(word);
    let quoted: Vec<String> = commands.iter().map(|c| format!("`kt {c}`")).collect();
    (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

/// Returns a hint to the refused plugins: one of them may have an unknown command.
fn refused_plugins(registry: &Registry) -> Option<String> {
    let refused = |f: &&DiscoveredPlugin| matches!(f.state, PluginState::Refused(_));
    let names: Vec<String> = registry
        .all
        .iter()
        .filter(refused)
        .map(DiscoveredPlugin::name)
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "plugins that cannot be used: {}; run `kt doctor` for the reasons",
            names.join(", ")
        )
    })
}

fn terminal_without_options(env: &Environment) -> Terminal {
    let format = if options::json_requested(env) {
        OutputFormat::Json
    } else {
        OutputFormat::Table
    };
    let color = env.var(environment::COLOR).map(str::to_owned);
    Terminal::new(
        &GlobalOptions {
            format,
            color,
            ..GlobalOptions::default()
        },
        env,
    )
}

fn fail_early(env: &Environment, error: &Error) -> RunOutcome {
    let code = error.class.exit_code();
    print_error(env, error, code);
    RunOutcome::failed(code, error.clone())
}

/// Prints an error that occurred before the options were parsed.
pub(crate) fn print_error(env: &Environment, error: &Error, code: u8) {
    terminal_without_options(env).print_error(error, code);
}
