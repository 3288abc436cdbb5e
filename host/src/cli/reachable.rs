//! The part of the tree that a command line can reach.

use super::definition::Definition;
use super::selection::CommandSelection;

/// The part of the tree that a command line can reach.
pub(super) struct Reachable<'a> {
    selection: CommandSelection<'a>,
    /// The commands at the start of the command line: it reaches nothing beside them.
    start: Vec<&'a str>,
    /// The names of groups that the arguments name by an alias.
    by_alias: Vec<&'a str>,
    /// Help may be requested.
    pub(super) may_print_help: bool,
}

impl<'a> Reachable<'a> {
    pub(super) fn new(selection: CommandSelection<'a>, all: &[Definition<'a>]) -> Self {
        let by_alias = all.iter().filter(|definition| {
            let aliases = definition.aliases().iter();
            aliases.into_iter().any(|a| selection.contains_name(a))
        });
        Self {
            by_alias: by_alias.filter_map(|d| d.name()).collect(),
            start: Vec::new(),
            may_print_help: selection.may_print_help(),
            selection,
        }
        .with_start(all)
    }

    /// Follows the arguments as long as they are names of commands. An option may have a value
    /// that is the name of a command, so nothing is certain after it.
    fn with_start(mut self, all: &[Definition<'a>]) -> Self {
        if self.has_all() {
            return self;
        }
        for arg in self.selection.args() {
            let Some(name) = arg.to_str().and_then(|word| self.child(word, all)) else {
                break;
            };
            self.start.push(name);
        }
        self
    }

    /// Returns the only command after those at the start that has this name or alias.
    fn child(&self, word: &str, all: &[Definition<'a>]) -> Option<&'a str> {
        let depth = self.start.len();
        let mut found = None;
        for definition in all.iter().filter(|d| d.is_below(&self.start)) {
            let name = definition.path.get(depth)?.as_str();
            let is_group = definition.path.len() == depth + 1;
            let has_alias = is_group && definition.aliases().iter().any(|a| a == word);
            if name != word && !has_alias {
                continue;
            }
            if found.is_some_and(|other| other != name) {
                return None;
            }
            found = Some(name);
        }
        found
    }

    /// Returns whether every command is part of the tree.
    pub(super) fn has_all(&self) -> bool {
        self.selection.has_all()
    }

    /// Returns whether the help of the root command may be printed.
    pub(super) fn may_print_root_help(&self) -> bool {
        self.may_print_help && self.start.is_empty()
    }

    /// Returns whether the arguments name the command, at any place.
    pub(super) fn names(&self, name: &str) -> bool {
        self.selection.contains_name(name) || self.by_alias.contains(&name)
    }

    /// Returns whether the command is part of the tree, also if the arguments do not name it.
    pub(super) fn offers(&self, name: &str, aliases: &[String]) -> bool {
        match self.selection {
            CommandSelection::All | CommandSelection::Errors(_) => true,
            CommandSelection::Parsing(_) => false,
            CommandSelection::Completion { typed, .. } => {
                let typed = typed.as_encoded_bytes();
                let mut names = std::iter::once(name).chain(aliases.iter().map(String::as_str));
                names.any(|name| name.as_bytes().starts_with(typed))
            }
        }
    }

    /// Returns how much of the path is part of the tree: the group that the command line does
    /// not enter stands for everything below it. `None` for what it cannot reach.
    pub(super) fn part_of<'p>(&self, path: &'p [String]) -> Option<&'p [String]> {
        if self.has_all() {
            return Some(path);
        }
        let on_the_way = path.iter().zip(&self.start);
        if on_the_way.into_iter().any(|(word, start)| word != start) {
            return None;
        }
        let groups = path.split_last().map_or(path, |(_, groups)| groups);
        let not_entered = groups
            .iter()
            .enumerate()
            .skip(self.start.len())
            .find(|(_, word)| !self.names(word));
        match not_entered {
            None => Some(path),
            Some((at, _)) => path.get(..=at),
        }
    }
}
