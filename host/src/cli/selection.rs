//! Which commands a tree contains, by the command line that it is for. Building every command of
//! every plugin took most of the time of a short command.

use std::ffi::{OsStr, OsString};

/// What a tree is for.
#[derive(Clone, Copy)]
pub(crate) enum CommandSelection<'a> {
    /// Everything: for the reference.
    All,
    /// Errors about these arguments: all commands, of which those whose names are among them
    /// have arguments and help.
    Errors(&'a [OsString]),
    /// Parsing these arguments, and the help that they request. An error is only certain with
    /// [`CommandSelection::Errors`].
    Parsing(&'a [OsString]),
    /// Completing the word `typed` after these arguments.
    Completion {
        args: &'a [OsString],
        typed: &'a OsStr,
    },
}

impl<'a> CommandSelection<'a> {
    /// Returns the arguments without the name of the program.
    pub(super) fn args(self) -> &'a [OsString] {
        match self {
            Self::All => &[],
            Self::Errors(args) | Self::Parsing(args) | Self::Completion { args, .. } => {
                args.get(1..).unwrap_or_default()
            }
        }
    }

    pub(super) fn contains_name(self, name: &str) -> bool {
        matches!(self, Self::All) || self.args().iter().any(|arg| arg == name)
    }

    /// Returns the selection without what it cannot do: `help` describes any command.
    pub(super) fn with_help_command(self) -> Self {
        match self {
            Self::Parsing(args) | Self::Completion { args, .. } if self.contains_name("help") => {
                Self::Errors(args)
            }
            other => other,
        }
    }

    /// Returns whether an argument may be `-h` or `--help`.
    pub(super) fn may_print_help(self) -> bool {
        match self {
            Self::Parsing(_) => self.args().iter().any(|arg| {
                let arg = arg.as_encoded_bytes();
                arg.starts_with(b"-") && arg.contains(&b'h')
            }),
            Self::Completion { .. } => false,
            Self::All | Self::Errors(_) => true,
        }
    }

    /// Returns whether every command is part of the tree.
    pub(super) fn has_all(self) -> bool {
        matches!(self, Self::All | Self::Errors(_))
    }
}
