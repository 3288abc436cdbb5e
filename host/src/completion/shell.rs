//! The shells: their scripts, what these pass, and what they expect.

use super::bash_words;
use super::candidate::Candidate;
use crate::environment::{COMPLETE, Environment};
use clap_complete::Shell;
use clap_complete::env::Shells;
use kt_plugin_api::Error;
use serde_json::json;
use std::ffi::OsString;

/// For programs, and for the tests of plugins: one JSON object.
const JSON: &str = "json";

/// The form of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseFormat {
    /// The format of a shell.
    Shell(Shell),
    /// JSON.
    Json,
}

/// The command line to complete.
pub(super) struct CommandLine {
    pub(super) format: ResponseFormat,
    /// Words, the first of which is the name of the program.
    pub(super) words: Vec<OsString>,
    /// The word to complete.
    pub(super) index: usize,
    /// The bytes of that word that the shell does not replace.
    kept: usize,
}

impl CommandLine {
    /// Reads the command line that the script of a shell passes after `--`.
    pub(super) fn read(env: &Environment) -> Option<Self> {
        let format = ResponseFormat::from_name(env.var(COMPLETE)?)?;
        let mut args = env.args.iter();
        args.find(|arg| *arg == "--")?;
        let mut words: Vec<OsString> = args.cloned().collect();
        let last = words.len().checked_sub(1)?;
        let index = env.var("_CLAP_COMPLETE_INDEX");
        let index = match format {
            ResponseFormat::Shell(Shell::Bash | Shell::Zsh | Shell::Elvish) => {
                index.and_then(|text| text.parse().ok())?
            }
            _ => last,
        };
        if index == words.len() {
            words.push(OsString::new());
        }
        if index >= words.len() || index == 0 {
            return None;
        }
        if format == ResponseFormat::Shell(Shell::Bash) {
            let joined = bash_words::join(&words, index);
            return Some(Self {
                format,
                words: joined.words,
                index: joined.index,
                kept: joined.kept,
            });
        }
        Some(Self {
            format,
            words,
            index,
            kept: 0,
        })
    }

    /// Returns the text that the shell expects. `error` is why values are missing.
    pub(super) fn response(
        &self,
        env: &Environment,
        candidates: &[Candidate],
        error: Option<&Error>,
    ) -> String {
        let separator = env.var("_CLAP_IFS").unwrap_or("\n");
        match self.format {
            ResponseFormat::Json => json!({ "candidates": candidates, "error": error }).to_string(),
            ResponseFormat::Shell(Shell::Bash | Shell::Elvish) => {
                let values = candidates.iter().filter_map(|c| c.value.get(self.kept..));
                values.collect::<Vec<_>>().join(separator)
            }
            ResponseFormat::Shell(Shell::Zsh) => {
                let lines = candidates.iter().map(|c| described(&escaped(c), ':'));
                lines.collect::<Vec<_>>().join(separator)
            }
            ResponseFormat::Shell(_) => {
                let lines = candidates.iter().map(|c| described(c, '\t') + "\n");
                lines.collect()
            }
        }
    }
}

impl ResponseFormat {
    fn from_name(name: &str) -> Option<Self> {
        if name == JSON {
            return Some(Self::Json);
        }
        name.parse().ok().map(Self::Shell)
    }
}

fn described(candidate: &Candidate, separator: char) -> String {
    let Candidate { value, description } = candidate;
    if description.is_empty() {
        value.clone()
    } else {
        format!("{value}{separator}{description}")
    }
}

/// Escapes what `_describe` of zsh would interpret.
fn escaped(candidate: &Candidate) -> Candidate {
    Candidate {
        value: candidate.value.replace('\\', "\\\\").replace(':', "\\:"),
        description: candidate.description.replace('\\', "\\\\"),
    }
}

/// Returns the script that makes a shell complete the command `kt`.
///
/// # Errors
/// If there is none for the shell.
pub(crate) fn script(shell: Shell) -> Result<String, Error> {
    let failed = |cause: &dyn std::fmt::Display| {
        Error::internal(format!("there is no script for {shell}")).cause(cause)
    };
    let name = shell.to_string();
    let shells = Shells::builtins();
    let completer = shells.completer(&name).ok_or_else(|| failed(&name))?;
    let mut script = Vec::new();
    completer
        .write_registration(COMPLETE, "kt", "kt", "kt", &mut script)
        .map_err(|e| failed(&e))?;
    let mut script = String::from_utf8(script).map_err(|e| failed(&e))?;
    if shell == Shell::Zsh {
        script.push_str(AUTOLOADED);
    }
    Ok(script)
}

/// In a directory of `fpath`, the script is the function that completes the first time.
const AUTOLOADED: &str = r#"
if [ "${funcstack[1]}" = "_kt" ]; then
    _clap_dynamic_completer_kt "$@"
fi
"#;

#[cfg(test)]
mod tests {
    use super::{CommandLine, ResponseFormat, script};
    use crate::completion::candidate::Candidate;
    use crate::environment::Environment;
    use clap::ValueEnum;
    use clap_complete::Shell;

    fn environment(vars: &[(&str, &str)], args: &[&str]) -> Environment {
        Environment::for_test(vars).with_args(args.iter().map(Into::into).collect())
    }

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            assert!(script(*shell).unwrap().contains("KT_COMPLETE"), "{shell}");
        }
    }

    #[test]
    fn malformed_requests_are_ignored() {
        let args = ["kt", "--", "kt", "a"];
        for (shell, index, args) in [
            ("tcsh", "1", &args[..]),
            ("bash", "7", &args),
            ("bash", "0", &args),
            ("bash", "-1", &args),
            ("zsh", "", &args),
            ("fish", "", &["kt", "--"]),
            ("fish", "", &["kt"]),
        ] {
            let vars = [("KT_COMPLETE", shell), ("_CLAP_COMPLETE_INDEX", index)];
            assert!(CommandLine::read(&environment(&vars, args)).is_none());
        }
    }

    #[test]
    fn each_shell_receives_its_format() {
        let candidates = [
            Candidate::new("a:b", "first\nline").unwrap(),
            Candidate::new("c", "").unwrap(),
        ];
        for (shell, expected) in [
            ("bash", "a:b\nc"),
            ("zsh", "a\\:b:first\nc"),
            ("fish", "a:b\tfirst\nc\n"),
            ("powershell", "a:b\tfirst\nc\n"),
        ] {
            let vars = [("KT_COMPLETE", shell), ("_CLAP_COMPLETE_INDEX", "1")];
            let env = environment(&vars, &["kt", "--", "kt", ""]);
            let line = CommandLine::read(&env).unwrap();
            assert_ne!(line.format, ResponseFormat::Json);
            assert_eq!(line.response(&env, &candidates, None), expected, "{shell}");
        }
    }
}
