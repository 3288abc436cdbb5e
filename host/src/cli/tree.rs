//! Builds the command tree, and resolves a parsed path to its command.

use super::definition::Sources;
use super::help;
use super::node::{BuildOptions, Node};
use super::reachable::Reachable;
use super::route::Route;
use super::selection::CommandSelection;
use crate::discovery::Registry;
use crate::options;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// The end of the help of the root command.
const ROOT_FOOTER: &str =
    "Run `kt COMMAND --help` for examples, `kt version --exit-codes` for the exit codes.";

/// The command line and its routes.
pub(crate) struct Tree {
    pub(crate) root: Command,
    routes: BTreeMap<Vec<String>, Route>,
}

/// Parses arguments, with help of at most `width` columns.
///
/// # Errors
/// That of `clap`, and the tree with every command: the arguments are wrong, or request help.
pub(crate) fn parse(
    registry: &Registry,
    args: &[OsString],
    width: usize,
) -> Result<(Tree, ArgMatches), Box<(Tree, clap::Error)>> {
    let mut tree = build(registry, CommandSelection::Parsing(args), width);
    match tree.root.try_get_matches_from_mut(args) {
        Ok(matches) => return Ok((tree, matches)),
        Err(error) if is_help(&error) => return Err(Box::new((tree, error))),
        Err(_) => {}
    }
    let mut tree = build(registry, CommandSelection::Errors(args), width);
    match tree.root.try_get_matches_from_mut(args) {
        Ok(matches) => Ok((tree, matches)),
        Err(error) => Err(Box::new((tree, error))),
    }
}

/// Returns whether the error is requested help or a requested version.
pub(crate) fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    )
}

/// Builds the tree, with help of at most `width` columns.
pub(crate) fn build(registry: &Registry, selection: CommandSelection<'_>, width: usize) -> Tree {
    let selection = selection.with_help_command();
    let sources = Sources::new(registry);
    let definitions = sources.definitions(selection);
    let reachable = Reachable::new(selection, &definitions);
    let mut root = Node::default();
    let mut routes = BTreeMap::new();
    for definition in &definitions {
        let path = definition.path;
        match reachable.part_of(path) {
            Some(part) if part.len() == path.len() => {
                root.add(path, definition.item);
                let route = definition.item.route();
                routes.extend(route.map(|route| (path.to_vec(), route)));
            }
            Some(part) => root.add_below(part, definition.item),
            None => {}
        }
    }
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
    if reachable.may_print_root_help() {
        base = help::with_root_sections(base, &root.entries(), width);
    }
    let options = BuildOptions {
        reachable: &reachable,
        width,
    };
    Tree {
        root: base.subcommands(root.commands(&options)),
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

#[cfg(test)]
mod tests {
    use super::{CommandSelection, build, parse};
    use crate::discovery::{
        CatalogEntry, PluginSource, RecordPaths, Registry, ScanOptions, SearchDir,
    };
    use clap_complete::engine;
    use kt_plugin_api::manifest::Manifest;
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    const WIDTH: usize = 80;
    /// A group of hidden commands, a command without a group, and an alias in another group.
    const OTHER: &str = "manifest = 1
name = 'other'
version = '1.0.0'
description = 'Other'
api = '^1.0'
library = 'x'
[[group]]
path = ['internal']
about = 'Internal'
aliases = ['intern']
[[command]]
path = ['internal', 'inspect']
about = 'Inspect'
hidden = true
[[command]]
path = ['inspect-all']
about = 'Inspect all'
alias_paths = [['gateway', 'inspect-all'], ['ia']]
[[command.arg]]
name = 'what'
long = 'what'
about = 'What'
";

    fn registry() -> Registry {
        let plugins = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins"));
        let records = RecordPaths {
            lock: PathBuf::new(),
            journal: PathBuf::new(),
        };
        let mut registry = Registry::scan(&ScanOptions {
            path: &[SearchDir {
                path: plugins.to_owned(),
                source: PluginSource::Option,
            }],
            cache: Path::new("/dev/null"),
            exe: Path::new("/dev/null"),
            allow_shadow: &[],
            records: Arc::new(records),
        });
        assert!(registry.usable().count() > 5);
        let mut other = registry.all[0].clone();
        let manifest: Manifest = toml::from_str(OTHER).unwrap();
        other.manifest = Some(manifest.into());
        registry.all.push(other);
        let path = |words: &str| words.split(' ').map(str::to_owned).collect();
        registry.catalog.plugins.push(CatalogEntry {
            plugin: "absent".to_owned(),
            package: "kt-absent".to_owned(),
            description: String::new(),
            commands: vec![
                path("absent"),
                path("gateway absent"),
                path("gateway list absent"),
            ],
            provides: Vec::new(),
        });
        registry
    }

    fn args(words: &[&str]) -> Vec<OsString> {
        std::iter::once("kt")
            .chain(words.iter().copied())
            .map(OsString::from)
            .collect()
    }

    /// Returns every command and group, with its words.
    fn paths(registry: &Registry) -> Vec<Vec<String>> {
        fn add(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
            all.push(path.to_vec());
            for child in command.get_subcommands() {
                let path = [path, &[child.get_name().to_owned()]].concat();
                add(child, &path, all);
            }
        }
        let mut all = Vec::new();
        let root = build(registry, CommandSelection::All, WIDTH).root;
        add(&root, &[], &mut all);
        assert!(all.len() > 80, "{}", all.len());
        all
    }

    #[test]
    fn a_part_of_the_tree_gives_the_results_of_all_of_it() {
        let registry = registry();
        for path in paths(&registry) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            for (before, after) in [
                (&[][..], &["--help"][..]),
                (&[], &["-h"]),
                (&[], &[]),
                (&[], &["x"]),
                (&[], &["lst", "--help"]),
                (&[], &["--nope", "list"]),
                (&["--profile", "gateway"], &["-vh"]),
                (&["proxy"], &["-h"]),
                (&["intern"], &["--help"]),
                (&["ia"], &["inspect-all", "--what", "gateway"]),
                (&["help"], &[]),
            ] {
                let args = args(&[before, &path, after].concat());
                let mut all = build(&registry, CommandSelection::Errors(&args), WIDTH);
                let expected = all.root.try_get_matches_from_mut(&args);
                match (parse(&registry, &args, WIDTH), expected) {
                    (Ok((tree, matches)), Ok(expected)) => {
                        let (route, _) = tree.route(&matches).unwrap();
                        assert_eq!(route, all.route(&expected).unwrap().0, "{args:?}");
                    }
                    (Err(error), Err(expected)) => {
                        let text = |e: &clap::Error| e.render().ansi().to_string();
                        assert_eq!(text(&error.1), text(&expected), "{args:?}");
                    }
                    (found, expected) => {
                        panic!("{args:?}: {} {}", found.is_ok(), expected.is_ok())
                    }
                }
            }
        }
    }

    #[test]
    fn a_part_of_the_tree_completes_as_all_of_it() {
        let registry = registry();
        for path in paths(&registry) {
            for (before, typed) in [
                (None, ""),
                (None, "in"),
                (None, "h"),
                (None, "p"),
                (None, "--"),
                (Some("--profile"), "g"),
                (Some("help"), "in"),
                (Some("proxy"), "in"),
                (Some("intern"), "in"),
                (Some("ia"), "--wh"),
            ] {
                let path = path.iter().map(String::as_str);
                let before: Vec<&str> = before.into_iter().chain(path).collect();
                let before = args(&before);
                let words = || [before.as_slice(), &[typed.into()]].concat();
                let candidates = |selection| {
                    let tree = build(&registry, selection, WIDTH);
                    let mut root = tree.root.ignore_errors(true);
                    let all = engine::complete(&mut root, words(), before.len(), None).unwrap();
                    let all = all
                        .iter()
                        .map(|c| (c.get_value().to_owned(), c.get_help().cloned()));
                    all.collect::<Vec<_>>()
                };
                let part = candidates(CommandSelection::Completion {
                    args: &before,
                    typed: typed.as_ref(),
                });
                let expected = candidates(CommandSelection::Errors(&before));
                assert_eq!(part, expected, "{before:?} {typed:?}");
            }
        }
    }
}
