//! A command or a group in the tree, and how `clap` sees it.

use super::definition::Item;
use super::help::{self, Entry};
use super::plugins;
use super::reachable::Reachable;
use crate::options;
use clap::{Arg, Command};
use std::collections::BTreeMap;

/// A command, a group, or both.
#[derive(Default)]
pub(super) struct Node<'a> {
    children: BTreeMap<&'a str, Node<'a>>,
    command: Option<Item<'a>>,
    about: Option<&'a str>,
    heading: Option<&'a str>,
    aliases: &'a [String],
    /// A command below it is visible; those that cannot be reached are not in the tree.
    has_visible_below: bool,
}

/// How a tree is built.
pub(super) struct BuildOptions<'a> {
    pub(super) reachable: &'a Reachable<'a>,
    /// The columns of help.
    pub(super) width: usize,
}

impl<'a> Node<'a> {
    fn at(&mut self, path: &'a [String]) -> &mut Self {
        path.iter().fold(self, |node, word| {
            node.children.entry(word.as_str()).or_default()
        })
    }

    /// Adds a command or a group.
    pub(super) fn add(&mut self, path: &'a [String], item: Item<'a>) {
        let node = self.at(path);
        match item {
            Item::BuiltinGroup(group) => {
                node.about = Some(group.about);
                node.heading = group.heading;
            }
            // The description of a built-in group cannot be replaced.
            Item::Group(_) if node.about.is_some() => {}
            Item::Group(group) => {
                node.about = Some(&group.about);
                node.heading = group.heading.as_deref();
                node.aliases = &group.aliases;
            }
            Item::Builtin(definition) => {
                node.heading = definition.heading;
                node.command = Some(item);
            }
            Item::Plugin(_, summary) => {
                node.heading = summary.heading.as_deref().or(node.heading);
                node.command = Some(item);
            }
            Item::Alias(..) | Item::Refused(_) | Item::NotInstalled(_) => {
                node.command = Some(item);
            }
            Item::Below(_) => node.has_visible_below |= !item.is_hidden(),
        }
    }

    /// Adds that a command exists below this path.
    pub(super) fn add_below(&mut self, path: &'a [String], item: Item<'a>) {
        self.at(path).has_visible_below |= !item.is_hidden();
    }

    /// Builds the subcommands that the tree has.
    pub(super) fn commands(&self, options: &BuildOptions<'_>) -> Vec<Command> {
        let is_selected = |name: &str, node: &Self| {
            let reachable = options.reachable;
            reachable.names(name) || reachable.offers(name, node.aliases)
        };
        let all = || self.children.iter();
        let visible = || all().filter(|(_, node)| !node.is_hidden());
        // The usage says whether there are visible ones, and `help` is beside any.
        let placeholder = if visible().any(|(name, node)| is_selected(name, node)) {
            None
        } else {
            visible().next().or_else(|| all().next())
        };
        let placeholder = placeholder.map(|(name, _)| *name);
        let selected =
            all().filter(|(name, node)| is_selected(name, node) || placeholder == Some(**name));
        selected
            .map(|(name, node)| node.command(name, options))
            .collect()
    }

    fn command(&self, name: &str, options: &BuildOptions<'_>) -> Command {
        let reachable = options.reachable;
        let is_named = reachable.names(name);
        let has_help = is_named && reachable.may_print_help;
        let command = self.command.map(|item| own_command(item, name, is_named));
        if self.children.is_empty() && !self.has_visible_below {
            let command = command.unwrap_or_else(|| Command::new(name.to_owned()).hide(true));
            return if has_help {
                command.after_help(options::summary())
            } else {
                command
            };
        }
        let mut group = command
            .unwrap_or_else(|| {
                Command::new(name.to_owned())
                    .subcommand_required(true)
                    .arg_required_else_help(true)
            })
            .aliases(self.aliases.to_vec())
            .hide(self.is_hidden());
        if let Some(about) = self.about {
            group = group.about(about.to_owned());
        }
        if has_help {
            let summary = options::summary();
            group = help::with_sections(group, &self.entries(), options.width).after_help(summary);
        }
        group.subcommands(self.commands(options))
    }

    /// Returns the visible subcommands, for help.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.children
            .iter()
            .filter(|(_, node)| !node.is_hidden())
            .map(|(name, node)| Entry {
                name: (*name).to_owned(),
                about: node.description().to_owned(),
                heading: node.heading.map(str::to_owned),
            })
            .collect()
    }

    fn description(&self) -> &'a str {
        let of_command = match self.command {
            Some(Item::Builtin(definition)) => definition.about,
            Some(Item::Plugin(_, summary)) => &summary.about,
            _ => "",
        };
        self.about.unwrap_or(of_command)
    }

    fn is_hidden(&self) -> bool {
        let own = self.command.is_none_or(Item::is_hidden);
        own && !self.has_visible_below && self.children.values().all(Self::is_hidden)
    }
}

fn own_command(item: Item<'_>, name: &str, with_args: bool) -> Command {
    match item {
        Item::Builtin(definition) => definition.item.command(name, definition.about, with_args),
        Item::Plugin(manifest, summary) | Item::Alias(manifest, summary) => {
            let command = plugins::without_arguments(name, summary).hide(item.is_hidden());
            match manifest.command(&summary.path).filter(|_| with_args) {
                Some(spec) => plugins::with_arguments(command, &spec, &manifest.settings),
                None => command,
            }
        }
        Item::Refused(_) | Item::NotInstalled(_) => failing(name),
        Item::BuiltinGroup(_) | Item::Group(_) | Item::Below(_) => Command::new(name.to_owned()),
    }
}

/// Builds a command that fails with any arguments: what it needs cannot be used.
fn failing(name: &str) -> Command {
    let rest = Arg::new("rest")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .hide(true);
    Command::new(name.to_owned())
        .hide(true)
        .disable_help_flag(true)
        .arg(rest)
}
