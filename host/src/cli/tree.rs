//! Builds the command tree, and resolves a parsed path to its command.

use super::builtin::{self, BuiltinCommand};
use super::help::{self, Entry};
use super::plugins;
use crate::discovery::{self, CatalogEntry, PluginState, Registry};
use crate::options;
use clap::{Arg, ArgAction, ArgMatches, Command};
use kt_plugin_api::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// The end of the help of the root command.
const ROOT_FOOTER: &str =
    "Run `kt COMMAND --help` for examples, `kt version --exit-codes` for the exit codes.";

/// What a command path resolves to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Route {
    /// A built-in command.
    Builtin(BuiltinCommand),
    /// The command of a plugin with this path.
    Plugin(Vec<String>),
    /// A command of a plugin that is not installed.
    NotInstalled(CatalogEntry),
    /// A command of a plugin that was refused.
    Refused(Error),
}

/// The command line and its routes.
pub(crate) struct Tree {
    pub(crate) root: Command,
    routes: BTreeMap<Vec<String>, Route>,
}

#[derive(Default)]
struct Node {
    children: BTreeMap<String, Node>,
    command: Option<Command>,
    about: Option<String>,
    heading: Option<String>,
    aliases: Vec<String>,
}

impl Node {
    fn at(&mut self, path: &[String]) -> &mut Self {
        path.iter().fold(self, |node, word| {
            node.children.entry(word.clone()).or_default()
        })
    }

    fn into_commands(self, help: &HelpOptions<'_>) -> Vec<Command> {
        self.children
            .into_iter()
            .map(|(name, node)| node.into_command(name, help))
            .collect()
    }

    fn into_command(mut self, name: String, help: &HelpOptions<'_>) -> Command {
        let command = self.command.take();
        let with_help = help.selection.contains_name(&name);
        if self.children.is_empty() {
            let command = command.unwrap_or_else(|| Command::new(name));
            return if with_help {
                command.after_help(options::summary())
            } else {
                command
            };
        }
        let hidden = self.children.values().all(Self::is_hidden);
        let mut group = command
            .unwrap_or_else(|| {
                Command::new(name)
                    .subcommand_required(true)
                    .arg_required_else_help(true)
            })
            .aliases(self.aliases.clone())
            .hide(hidden);
        if let Some(about) = self.about.take() {
            group = group.about(about);
        }
        let named_by_alias = self.aliases.iter().any(|a| help.selection.contains_name(a));
        if with_help || named_by_alias {
            let entries = self.entries();
            group = help::with_sections(group, &entries, help.width).after_help(options::summary());
        }
        group.subcommands(self.into_commands(help))
    }

    /// The visible subcommands, for help.
    fn entries(&self) -> Vec<Entry> {
        self.children
            .iter()
            .filter(|(_, node)| !node.is_hidden())
            .map(|(name, node)| Entry {
                name: name.clone(),
                about: node.description(),
                heading: node.heading.clone(),
            })
            .collect()
    }

    fn description(&self) -> String {
        let about = self.command.as_ref().and_then(Command::get_about);
        self.about
            .clone()
            .or_else(|| about.map(ToString::to_string))
            .unwrap_or_default()
    }

    fn is_hidden(&self) -> bool {
        let own = self.command.as_ref().is_none_or(Command::is_hide_set);
        own && self.children.values().all(Self::is_hidden)
    }
}

/// Which commands are built with their arguments and help; the others have only a
/// name and a description.
#[derive(Clone, Copy)]
pub(crate) enum CommandSelection<'a> {
    /// All of them: for the reference and for completion.
    All,
    /// Those whose name is among these arguments. Building every argument of
    /// every command took most of the time of a short command.
    Named(&'a [OsString]),
}

/// How help is built.
struct HelpOptions<'a> {
    selection: CommandSelection<'a>,
    width: usize,
}

impl CommandSelection<'_> {
    fn contains(self, path: &[String]) -> bool {
        path.last().is_none_or(|name| self.contains_name(name))
    }

    fn contains_name(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(args) => args.iter().any(|arg| arg == name),
        }
    }

    /// Returns whether the help of the root command may be printed: without a
    /// command, or with `help` or an option that may be `-h` or `--help`.
    fn contains_root_help(self) -> bool {
        let Self::Named(args) = self else { return true };
        let args = || args.iter().skip(1).map(|arg| arg.as_encoded_bytes());
        let is_option = |arg: &[u8]| arg.starts_with(b"-");
        let may_be_help = |arg: &[u8]| arg == b"help" || (is_option(arg) && arg.contains(&b'h'));
        args().all(is_option) || args().any(may_be_help)
    }
}

/// Builds the tree, with help of at most `width` columns.
pub(crate) fn build(registry: &Registry, selection: CommandSelection<'_>, width: usize) -> Tree {
    let mut root = Node::default();
    let mut routes = BTreeMap::new();
    for definition in builtin::commands() {
        let (command, builtin) = definition.item;
        let node = root.at(&definition.path);
        node.command = Some(command);
        node.heading = definition.heading.map(str::to_owned);
        routes.insert(definition.path, Route::Builtin(builtin));
    }
    for group in builtin::groups() {
        let node = root.at(&group.path);
        node.about = Some(group.item);
        node.heading = group.heading.map(str::to_owned);
    }
    add_plugins(registry, selection, &mut root, &mut routes);
    add_refused(registry, &mut root, &mut routes);
    add_not_installed(registry, &mut root, &mut routes);
    let base = Command::new("kt")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(version_flag())
        .about("Administer AI gateways")
        .after_help(ROOT_FOOTER)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .term_width(width);
    let mut base = options::add_to(base);
    if selection.contains_root_help() {
        base = help::with_root_sections(base, &root.entries(), width);
    }
    Tree {
        root: base.subcommands(root.into_commands(&HelpOptions { selection, width })),
        routes,
    }
}

/// `--version`; help lists only the command of that name.
fn version_flag() -> Arg {
    Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .hide(true)
}

fn add_plugins(
    registry: &Registry,
    selection: CommandSelection<'_>,
    root: &mut Node,
    routes: &mut BTreeMap<Vec<String>, Route>,
) {
    for group in discovery::groups(&registry.all) {
        let node = root.at(&group.path);
        if node.about.is_some() {
            // The description of a built-in group cannot be replaced.
            continue;
        }
        node.about = Some(group.about);
        node.heading = group.heading;
        node.aliases = group.aliases;
    }
    for (_, manifest) in registry.usable() {
        for spec in &manifest.commands {
            if routes.contains_key(&spec.path) {
                // A built-in command cannot be replaced.
                continue;
            }
            let needed = selection.contains(&spec.path)
                || spec.alias_paths.iter().any(|p| selection.contains(p));
            let command = if needed {
                plugins::command(spec, &manifest.settings)
            } else {
                plugins::without_arguments(spec)
            };
            let route = Route::Plugin(spec.path.clone());
            for alias in &spec.alias_paths {
                let Some(name) = alias.last() else { continue };
                if routes.contains_key(alias) {
                    continue;
                }
                root.at(alias).command = Some(command.clone().name(name.clone()).hide(true));
                routes.insert(alias.clone(), route.clone());
            }
            let node = root.at(&spec.path);
            node.command = Some(command);
            if spec.heading.is_some() {
                node.heading.clone_from(&spec.heading);
            }
            routes.insert(spec.path.clone(), route);
        }
    }
}

/// Adds the commands of refused plugins, which fail with the reason.
fn add_refused(registry: &Registry, root: &mut Node, routes: &mut BTreeMap<Vec<String>, Route>) {
    for plugin in &registry.all {
        let PluginState::Refused(error) = &plugin.state else {
            continue;
        };
        let name = plugin.name();
        let declared = plugin.command_paths().into_iter();
        let listed = registry.catalog.plugins.iter().filter(|e| e.plugin == name);
        let paths: Vec<Vec<String>> = declared
            .chain(listed.flat_map(|e| e.commands.iter().cloned()))
            .collect();
        for path in paths {
            add_hidden(root, routes, path, Route::Refused(error.clone()));
        }
    }
}

/// Adds the commands of plugins that are not installed, which fail with the
/// package to install.
fn add_not_installed(
    registry: &Registry,
    root: &mut Node,
    routes: &mut BTreeMap<Vec<String>, Route>,
) {
    for entry in &registry.catalog.plugins {
        for path in &entry.commands {
            let route = Route::NotInstalled(entry.clone());
            add_hidden(root, routes, path.clone(), route);
        }
    }
}

fn add_hidden(
    root: &mut Node,
    routes: &mut BTreeMap<Vec<String>, Route>,
    path: Vec<String>,
    route: Route,
) {
    let Some(name) = path.last().cloned() else {
        return;
    };
    if routes.contains_key(&path) {
        return;
    }
    let rest = Arg::new("rest")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .hide(true);
    root.at(&path).command = Some(
        Command::new(name)
            .hide(true)
            .disable_help_flag(true)
            .arg(rest),
    );
    routes.insert(path, route);
}

impl Tree {
    /// Returns the commands whose name or alias is `word`, wherever they are.
    pub(crate) fn commands_named(&self, word: &str) -> Vec<String> {
        let named = self.routes.iter().filter_map(|(path, route)| {
            let canonical = match route {
                Route::Plugin(canonical) => canonical,
                Route::Builtin(_) => path,
                Route::NotInstalled(_) | Route::Refused(_) => return None,
            };
            (path.last().is_some_and(|last| last == word)).then(|| canonical.join(" "))
        });
        named.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns the route of parsed arguments, and the matches of its command.
    pub(crate) fn route<'m>(&self, matches: &'m ArgMatches) -> Option<(Route, &'m ArgMatches)> {
        let mut path = Vec::new();
        let mut current = matches;
        while let Some((name, subcommand)) = current.subcommand() {
            path.push(name.to_owned());
            current = subcommand;
        }
        self.routes.get(&path).map(|route| (route.clone(), current))
    }
}
