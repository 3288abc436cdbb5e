//! Builds the tree and says where a parsed path leads.

use super::{global, plugins};
use crate::commands;
use crate::discovery::{CatalogEntry, Registry, State};
use clap::{Arg, ArgAction, ArgMatches, Command};
use kt_plugin_api::Error;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Route {
    /// A command of the host itself.
    Host(commands::HostCommand),
    /// The command of a plugin with this path.
    Plugin(Vec<String>),
    /// A command of a plugin that is not installed.
    Missing(CatalogEntry),
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
    aliases: Vec<String>,
}

impl Node {
    fn at(&mut self, path: &[String]) -> &mut Self {
        path.iter().fold(self, |node, word| {
            node.children.entry(word.clone()).or_default()
        })
    }

    fn into_commands(self) -> Vec<Command> {
        self.children
            .into_iter()
            .map(|(name, node)| node.into_command(name))
            .collect()
    }

    fn into_command(mut self, name: String) -> Command {
        let own = self.command.take();
        if self.children.is_empty() {
            return own.unwrap_or_else(|| Command::new(name));
        }
        let hidden = self.children.values().all(Node::is_hidden);
        let mut group = own
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
        group.subcommands(self.into_commands())
    }

    fn is_hidden(&self) -> bool {
        let own = self.command.as_ref().is_none_or(Command::is_hide_set);
        own && self.children.values().all(Self::is_hidden)
    }
}

/// Which commands are needed with their arguments; the others are only named.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// All of them: for the reference and for completion.
    All,
    /// Those that these words could mean. Building every argument of every
    /// command took most of the time of a short command.
    Words(&'a [OsString]),
}

impl Wanted<'_> {
    fn has(self, path: &[String]) -> bool {
        match (self, path.last()) {
            (Self::Words(words), Some(name)) => words.iter().any(|word| word == name.as_str()),
            _ => true,
        }
    }
}

/// Builds the tree.
pub(crate) fn build(registry: &Registry, wanted: Wanted<'_>) -> Tree {
    let mut root = Node::default();
    let mut routes = BTreeMap::new();
    for (path, command, host) in commands::definitions() {
        root.at(&path).command = Some(command);
        routes.insert(path, Route::Host(host));
    }
    for (path, about) in commands::groups() {
        root.at(&path).about = Some(about);
    }
    add_plugins(registry, wanted, &mut root, &mut routes);
    add_refused(registry, &mut root, &mut routes);
    add_missing(registry, &mut root, &mut routes);
    let base = Command::new("kt")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(version_flag())
        .about("Administer AI gateways")
        .after_help(commands::EXIT_CODES_HINT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(100);
    Tree {
        root: global::define(base).subcommands(root.into_commands()),
        routes,
    }
}

/// `--version`, which the overview leaves to the command of that name.
fn version_flag() -> Arg {
    Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .hide(true)
}

fn add_plugins(
    registry: &Registry,
    wanted: Wanted<'_>,
    root: &mut Node,
    routes: &mut BTreeMap<Vec<String>, Route>,
) {
    for (_, manifest) in registry.usable() {
        for group in &manifest.groups {
            let node = root.at(&group.path);
            node.about = Some(group.about.clone());
            node.aliases.clone_from(&group.aliases);
        }
        for spec in &manifest.commands {
            if routes.contains_key(&spec.path) {
                // A command of the host cannot be replaced.
                continue;
            }
            let needed = wanted.has(&spec.path) || spec.alias_paths.iter().any(|p| wanted.has(p));
            let command = if needed {
                plugins::command(spec, &manifest.settings)
            } else {
                plugins::name(spec)
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
            root.at(&spec.path).command = Some(command);
            routes.insert(spec.path.clone(), route);
        }
    }
}

/// Commands of refused plugins stay known, so that they can say why.
fn add_refused(registry: &Registry, root: &mut Node, routes: &mut BTreeMap<Vec<String>, Route>) {
    for found in &registry.all {
        let State::Refused(error) = &found.state else {
            continue;
        };
        let name = found.name();
        let own = found
            .manifest
            .iter()
            .flat_map(|m| m.commands.iter().map(|c| c.path.clone()));
        let listed = registry.catalog.plugins.iter().filter(|e| e.plugin == name);
        let paths: Vec<Vec<String>> = own
            .chain(listed.flat_map(|e| e.commands.iter().cloned()))
            .collect();
        for path in paths {
            add_silent(root, routes, path, Route::Refused(error.clone()));
        }
    }
}

fn add_missing(registry: &Registry, root: &mut Node, routes: &mut BTreeMap<Vec<String>, Route>) {
    for entry in &registry.catalog.plugins {
        for path in &entry.commands {
            add_silent(root, routes, path.clone(), Route::Missing(entry.clone()));
        }
    }
}

fn add_silent(
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
    /// The route of parsed arguments, and the matches of its command.
    pub(crate) fn route<'m>(&self, matches: &'m ArgMatches) -> Option<(Route, &'m ArgMatches)> {
        let mut path = Vec::new();
        let mut at = matches;
        while let Some((name, deeper)) = at.subcommand() {
            path.push(name.to_owned());
            at = deeper;
        }
        self.routes.get(&path).map(|route| (route.clone(), at))
    }
}
