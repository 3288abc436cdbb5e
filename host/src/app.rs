//! Runs kt: from the arguments to the exit code.

#![forbid(unsafe_code)]

use crate::cli::{self, CommandSelection, Route, Tree};
use crate::clock::unix_ms_after;
use crate::commands::{self, CommandContext};
use crate::crash;
use crate::discovery::{
    self, CatalogEntry, DiscoveredPlugin, PluginState, RecordPaths, Registry, ScanOptions,
    SearchScope, search_path,
};
use crate::environment::{self, Environment};
use crate::logging;
use crate::options::{self, GlobalOptions, OutputFormat};
use crate::render::{Terminal, terminal_width};
use crate::runtime::{InheritedDescriptors, IsolationPolicy, Providers, Runner};
use crate::settings::{self, Layers};
use crate::supervision::RunOutcome;
use clap::ArgMatches;
use clap::error::ErrorKind;
use kt_plugin_api::manifest::OutcomeSpec;
use kt_plugin_api::{Class, Error, Invocation, Output, OutputMode};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Runs kt, with the descriptors from the service manager.
pub(crate) fn run(env: &Environment, inherited: InheritedDescriptors) -> RunOutcome {
    let dirs = match crate::dirs::resolve(env) {
        Ok(dirs) => dirs,
        Err(error) => return fail_early(env, &error),
    };
    let plugin_dirs: Vec<PathBuf> = options::early_values(env, "--plugin-dir")
        .map(PathBuf::from)
        .collect();
    let search = search_path(env, search_scope(env), &plugin_dirs, &dirs);
    let layers = Layers::read(&dirs);
    let allow_shadow = layers
        .as_ref()
        .map(|l| l.list("plugins.allow_shadow"))
        .unwrap_or_default();
    let cache = crate::dirs::usable_cache(env, &dirs);
    let registry = Registry::scan(&ScanOptions {
        path: &search,
        cache: &cache,
        allow_shadow: &allow_shadow,
        records: Arc::new(RecordPaths::of(&dirs)),
    });
    let named = CommandSelection::Named(&env.args);
    let mut tree = cli::build(&registry, named, terminal_width(env));
    let matches = match tree.root.try_get_matches_from_mut(&env.args) {
        Ok(matches) => matches,
        Err(error) => return reject_arguments(env, &error, &registry),
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
    let allow_new = creates_profile(&tree, &matches, &registry);
    let layers = layers.and_then(|l| l.with_profile(env, global.profile.as_deref(), allow_new));
    let configured = layers
        .as_ref()
        .map(|l| l.map("providers"))
        .unwrap_or_default();
    let isolation = isolation_policy(&global, &layers);
    let access = (inherited, isolation);
    let providers = Providers::new(&registry, configured, &cache, env, access);
    let app = App {
        context: CommandContext {
            env,
            dirs: &dirs,
            search: &search,
            registry: &registry,
            providers: &providers,
            layers: &layers,
            terminal: &terminal,
        },
        global: &global,
        plugin_dirs,
    };
    app.run(&tree, &matches)
}

struct App<'a> {
    context: CommandContext<'a>,
    global: &'a GlobalOptions,
    plugin_dirs: Vec<PathBuf>,
}

impl App<'_> {
    fn run(&self, tree: &Tree, matches: &ArgMatches) -> RunOutcome {
        let (result, outcomes) = match tree.route(matches) {
            Some((route, matches)) => self.run_route(&route, matches),
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
            Route::Plugin(path) => {
                let outcomes = self
                    .context
                    .registry
                    .command(path)
                    .map(|(_, _, spec)| spec.outcomes.clone())
                    .unwrap_or_default();
                (self.run_plugin(path, matches), outcomes)
            }
        }
    }

    fn run_plugin(&self, path: &[String], matches: &ArgMatches) -> Result<Output, Error> {
        let context = &self.context;
        let (plugin, manifest, spec) = context
            .registry
            .command(path)
            .ok_or_else(|| Error::internal("the command has no plugin"))?;
        let layers = context.layers.as_ref().map_err(Clone::clone)?;
        let parsed = cli::parse_arguments(spec, &manifest.settings, matches)?;
        let (settings, origins) =
            settings::resolve(&manifest.settings, &parsed.settings, context.env, layers);
        let invocation = Invocation {
            path: path.to_vec(),
            settings,
            origins,
            profile: layers.profile.as_ref().map(|p| p.name.clone()),
            dirs: context.dirs.clone(),
            cwd: context.env.cwd.clone(),
            exe: context.env.exe.clone(),
            plugin_dirs: self.explicit_plugin_dirs(),
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            dry_run: parsed.dry_run,
            yes: self.global.yes,
            output: OutputMode {
                format: self.global.format.name().to_owned(),
                interactive: context.terminal.interactive,
                terminal: context.terminal.stdout_is_terminal,
            },
            args: parsed.args,
        };
        let runner = Runner {
            providers: context.providers,
            console: context.terminal,
        };
        let result = runner.run(
            (plugin, manifest, spec),
            &invocation,
            deadline(parsed.timeout),
        );
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

    /// Returns the plugin directories of the option and the environment, so that a
    /// service can use the same.
    fn explicit_plugin_dirs(&self) -> Vec<PathBuf> {
        let env = self.context.env;
        let listed = env.var(environment::PLUGIN_PATH).unwrap_or_default();
        let listed = listed
            .split(':')
            .filter(|p| !p.is_empty())
            .map(PathBuf::from);
        self.plugin_dirs
            .iter()
            .cloned()
            .chain(listed)
            .map(|p| env.cwd.join(p))
            .collect()
    }
}

/// Returns which plugins the options exclude.
fn search_scope(env: &Environment) -> SearchScope {
    if options::early_flag(env, "--no-plugins") {
        SearchScope::NoPlugins
    } else if options::early_flag(env, "--only-bundled") {
        SearchScope::OnlyBundled
    } else {
        SearchScope::All
    }
}

/// Returns which plugins run in processes of their own.
fn isolation_policy(global: &GlobalOptions, layers: &Result<Layers, Error>) -> IsolationPolicy {
    let mut policy = IsolationPolicy {
        isolate_all: global.isolate,
        ..IsolationPolicy::default()
    };
    if let Ok(layers) = layers {
        policy.isolate = layers.list("plugins.isolate");
        policy.allow_in_process = layers.list("plugins.allow_in_process");
        let limit = layers.get("plugins.memory_limit");
        // Another type is reported as invalid when a process is started.
        policy.memory_limit = limit.map(|(value, _)| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.type_str().to_owned(),
        });
    }
    policy
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
fn reject_arguments(env: &Environment, error: &clap::Error, registry: &Registry) -> RunOutcome {
    let terminal = terminal_without_options(env);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return RunOutcome::completed(
            match terminal.print_data(&error.render().ansi().to_string()) {
                Ok(()) => 0,
                Err(_) => Class::Internal.exit_code(),
            },
        );
    }
    let unknown_command = error.kind() == ErrorKind::InvalidSubcommand;
    let hint = unknown_command.then(|| refused_plugins(registry)).flatten();
    let text = error.render().to_string();
    let message = text.trim().trim_start_matches("error: ").to_owned();
    let usage_error = Error::new(Class::Usage, "invalid-arguments", message);
    let usage_error = hint.iter().cloned().fold(usage_error, Error::hint);
    if options::json_requested(env) {
        return fail_early(env, &usage_error);
    }
    terminal.print_stderr(error.render().ansi().to_string().trim_end());
    if let Some(hint) = hint {
        terminal.print_stderr(&format!("\n  hint: {hint}"));
    }
    RunOutcome::failed(usage_error.class.exit_code(), usage_error)
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
