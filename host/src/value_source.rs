//! Arguments whose values are looked up when a shell completes them.
//!
//! The engine of `clap_complete` has no access to the plugins. It returns a placeholder
//! for such an argument, which `completion` replaces.

#![forbid(unsafe_code)]

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::ffi::OsStr;

/// Begins a placeholder, and separates its parts. No argument of a process contains it.
const MARK: char = '\0';
/// The names of the sources that are not arguments; names of arguments have no `/`.
const PROFILES: &str = "kt/profiles";
const PLUGINS: &str = "kt/plugins";

/// Where the values of an argument are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueSource {
    /// The plugin of the command completes its argument of this name.
    Argument(String),
    /// The profiles of the settings.
    Profiles,
    /// The plugins.
    Plugins,
}

/// A placeholder in the candidates of the engine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// What precedes each value in the word, such as `--id=`.
    pub(crate) before: String,
    pub(crate) source: ValueSource,
    /// The part of the value that is typed.
    pub(crate) typed: String,
}

impl ValueSource {
    /// Returns the completer for an argument.
    pub(crate) fn completer(self) -> ArgValueCompleter {
        let name = match self {
            Self::Argument(name) => name,
            Self::Profiles => PROFILES.to_owned(),
            Self::Plugins => PLUGINS.to_owned(),
        };
        ArgValueCompleter::new(move |typed: &OsStr| {
            let typed = typed.to_string_lossy();
            vec![CompletionCandidate::new(format!(
                "{MARK}{name}{MARK}{typed}"
            ))]
        })
    }
}

impl Placeholder {
    /// Returns the placeholder, if the candidate is one.
    pub(crate) fn parse(candidate: &OsStr) -> Option<Self> {
        let mut parts = candidate.to_str()?.splitn(3, MARK);
        let (before, name, typed) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            before: before.to_owned(),
            source: match name {
                PROFILES => ValueSource::Profiles,
                PLUGINS => ValueSource::Plugins,
                name => ValueSource::Argument(name.to_owned()),
            },
            typed: typed.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Placeholder, ValueSource};
    use clap::{Arg, Command};
    use std::ffi::OsString;

    #[test]
    fn a_placeholder_survives_the_engine() {
        for (words, before) in [
            (&["x", "--id", "pro"][..], ""),
            (&["x", "--id=pro"], "--id="),
            (&["x", "-ipro"], "-i"),
        ] {
            let source = ValueSource::Argument("gateway".to_owned());
            let arg = Arg::new("gateway").long("id").short('i');
            let mut root = Command::new("x").arg(arg.add(source.clone().completer()));
            let args: Vec<OsString> = words.iter().map(Into::into).collect();
            let index = args.len() - 1;
            let all = clap_complete::engine::complete(&mut root, args, index, None).unwrap();
            assert_eq!(all.len(), 1);
            let expected = Placeholder {
                before: before.to_owned(),
                source,
                typed: "pro".to_owned(),
            };
            assert_eq!(Placeholder::parse(all[0].get_value()), Some(expected));
        }
        assert_eq!(Placeholder::parse("--id".as_ref()), None);
    }
}
