//! From arguments to an exit code.

#![forbid(unsafe_code)]

use crate::cli::{self, Global, Route, Tree, Wanted};
use crate::commands::{self, HostState};
use crate::discovery::{CatalogEntry, Found, Registry, State, search_path};
use crate::environment::{self, Environment};
use crate::render::Terminal;
use crate::services::{Inherited, Providers, Runner, log};
use crate::settings::{self, Layers};
use crate::supervision::Ended;
use clap::ArgMatches;
use clap::error::ErrorKind;
use kt_plugin_api::manifest::OutcomeSpec;
use kt_plugin_api::{Class, Error, Invocation, Output, OutputMode};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Runs kt, with what a service manager passed to it.
pub(crate) fn run(env: &Environment, inherited: Inherited) -> Ended {
    let dirs = match crate::dirs::resolve(env) {
        Ok(dirs) => dirs,
        Err(error) => return early(env, &error),
    };
    let given = cli::plugin_dirs(env);
    let search = search_path(env, &given, &dirs);
    let layers = Layers::read(&dirs);
    let allow_shadow = layers
        .as_ref()
        .map(|l| l.list("plugins.allow_shadow"))
        .unwrap_or_default();
    let cache = crate::dirs::usable_cache(env, &dirs);
    let registry = Registry::scan(&search, &cache, &allow_shadow);
    let mut tree = cli::build(&registry, Wanted::Words(&env.args));
    let matches = match tree.root.try_get_matches_from_mut(&env.args) {
        Ok(matches) => matches,
        Err(error) => return refuse_arguments(env, &error, &registry),
    };
    let global = match Global::read(&matches, env) {
        Ok(global) => global,
        Err(why) => return early(env, &Error::new(Class::Settings, "bad-variable", why)),
    };
    let terminal = Terminal::new(&global, env);
    match log_level(&global, env) {
        Ok(level) => log::set_max_level(level),
        Err(error) => return early(env, &error),
    }
    let may_be_new = makes_profile(&tree, &matches, &registry);
    let layers = layers.and_then(|l| l.with_profile(env, global.profile.as_deref(), may_be_new));
    let chosen = layers
        .as_ref()
        .map(|l| l.map("providers"))
        .unwrap_or_default();
    let providers = Providers::new(&registry, chosen, &cache, env, inherited);
    let app = App {
        state: HostState {
            env,
            dirs: &dirs,
            search: &search,
            registry: &registry,
            providers: &providers,
            layers: &layers,
            terminal: &terminal,
        },
        global: &global,
        plugin_dirs: given,
    };
    app.finish(&tree, &matches)
}

struct App<'a> {
    state: HostState<'a>,
    global: &'a Global,
    plugin_dirs: Vec<PathBuf>,
}

impl App<'_> {
    fn finish(&self, tree: &Tree, matches: &ArgMatches) -> Ended {
        let (result, outcomes) = match tree.route(matches) {
            Some((route, matches)) => self.follow(&route, matches),
            None => (
                Err(Error::internal("the command leads nowhere")),
                Vec::new(),
            ),
        };
        let terminal = &self.state.terminal;
        let shown = terminal.conclude(result).and_then(|output| {
            output.iter().try_for_each(|output| terminal.show(output))?;
            Ok(output)
        });
        match shown {
            Ok(output) => {
                let outcome = output.as_ref().and_then(|output| output.outcome.as_deref());
                Ended::with(code_of(outcome, Class::Ok, &outcomes))
            }
            Err(error) => {
                let code = code_of(error.outcome.as_deref(), error.class, &outcomes);
                self.state.terminal.error(&error, code);
                Ended::failed(code, error)
            }
        }
    }

    fn follow(
        &self,
        route: &Route,
        matches: &ArgMatches,
    ) -> (Result<Output, Error>, Vec<OutcomeSpec>) {
        match route {
            Route::Host(command) => (commands::run(*command, matches, &self.state), Vec::new()),
            Route::Missing(entry) => (Err(not_installed(entry)), Vec::new()),
            Route::Refused(error) => (Err(error.clone()), Vec::new()),
            Route::Plugin(path) => {
                let outcomes = self
                    .state
                    .registry
                    .command(path)
                    .map(|(_, _, spec)| spec.outcomes.clone())
                    .unwrap_or_default();
                (self.plugin(path, matches), outcomes)
            }
        }
    }

    fn plugin(&self, path: &[String], matches: &ArgMatches) -> Result<Output, Error> {
        let state = &self.state;
        let (found, manifest, spec) = state
            .registry
            .command(path)
            .ok_or_else(|| Error::internal("the command has no plugin"))?;
        let layers = state.layers.as_ref().map_err(Clone::clone)?;
        let given = cli::typed(spec, &manifest.settings, matches)?;
        let (settings, origins) =
            settings::resolve(&manifest.settings, &given.settings, state.env, layers);
        let invocation = Invocation {
            path: path.to_vec(),
            settings,
            origins,
            profile: layers.profile.as_ref().map(|p| p.name.clone()),
            dirs: state.dirs.clone(),
            cwd: state.env.cwd.clone(),
            exe: state.env.exe.clone(),
            plugin_dirs: self.explicit_plugin_dirs(),
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            dry_run: given.dry_run,
            yes: self.global.yes,
            output: OutputMode {
                format: self.global.format.word().to_owned(),
                interactive: state.terminal.interactive,
                terminal: state.terminal.out_is_terminal,
            },
            args: given.args,
        };
        let runner = Runner {
            providers: state.providers,
            streams: state.terminal,
        };
        runner.run(
            (found, manifest, spec),
            &invocation,
            deadline(given.timeout),
        )
    }

    /// The directories that were asked for, so that a service can be told the
    /// same.
    fn explicit_plugin_dirs(&self) -> Vec<PathBuf> {
        let env = self.state.env;
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

/// Whether the command may be told a profile that does not exist yet.
fn makes_profile(tree: &Tree, matches: &ArgMatches, registry: &Registry) -> bool {
    let Some((Route::Plugin(path), _)) = tree.route(matches) else {
        return false;
    };
    registry
        .command(&path)
        .is_some_and(|(_, _, spec)| spec.creates_profile)
}

/// Unix time in milliseconds; 0 for none.
fn deadline(timeout: Option<u64>) -> u64 {
    timeout.map_or(0, |ms| {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from((now + Duration::from_millis(ms)).as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    })
}

/// The exit code of an outcome: one that the manifest declares, or a class.
fn code_of(outcome: Option<&str>, class: Class, declared: &[OutcomeSpec]) -> u8 {
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
            "this command is not installed: it belongs to plugin `{}`",
            entry.plugin
        ),
    )
    .hint(format!("install the package `{}`", entry.package))
    .data("plugin", entry.plugin.clone())
    .data("package", entry.package.clone())
}

fn log_level(global: &Global, env: &Environment) -> Result<u32, Error> {
    use kt_plugin_api::abi::log as level;
    if let Some(word) = env.var(environment::LOG) {
        return log::level_of(word).ok_or_else(|| {
            let message = format!(
                "`{}` is `{word}`: use off, error, warn, info, debug or trace",
                environment::LOG
            );
            Error::new(Class::Settings, "bad-variable", message)
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

/// Help and version are data; everything else is a mistake in the arguments.
fn refuse_arguments(env: &Environment, error: &clap::Error, registry: &Registry) -> Ended {
    let terminal = early_terminal(env);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return Ended::with(match terminal.data(&error.render().ansi().to_string()) {
            Ok(()) => 0,
            Err(_) => Class::Internal.exit_code(),
        });
    }
    let unknown = error.kind() == ErrorKind::InvalidSubcommand;
    let hint = unknown.then(|| refused_plugins(registry)).flatten();
    let text = error.render().to_string();
    let message = text.trim().trim_start_matches("error: ").to_owned();
    let refusal = Error::new(Class::Usage, "bad-arguments", message);
    let refusal = hint.iter().cloned().fold(refusal, Error::hint);
    if cli::wants_json(env) {
        return early(env, &refusal);
    }
    terminal.talk(error.render().ansi().to_string().trim_end());
    if let Some(hint) = hint {
        terminal.talk(&format!("\n  hint: {hint}"));
    }
    Ended::failed(refusal.class.exit_code(), refusal)
}

/// An unknown command may belong to a plugin whose manifest cannot be read.
fn refused_plugins(registry: &Registry) -> Option<String> {
    let refused = |f: &&Found| matches!(f.state, State::Refused(_));
    let names: Vec<String> = registry
        .all
        .iter()
        .filter(refused)
        .map(Found::name)
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "plugins that cannot be used: {}; `kt doctor` says why",
            names.join(", ")
        )
    })
}

fn early_terminal(env: &Environment) -> Terminal {
    let format = if cli::wants_json(env) {
        cli::Format::Json
    } else {
        cli::Format::Table
    };
    let color = env.var(environment::COLOR).map(str::to_owned);
    Terminal::new(
        &Global {
            format,
            color,
            ..Global::default()
        },
        env,
    )
}

fn early(env: &Environment, error: &Error) -> Ended {
    let code = error.class.exit_code();
    show(env, error, code);
    Ended::failed(code, error.clone())
}

/// Shows an error of a run that has not come to its command.
pub(crate) fn show(env: &Environment, error: &Error, code: u8) {
    early_terminal(env).error(error, code);
}
