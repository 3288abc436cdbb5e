//! Runs the user's editor.

use kt_plugin_api::{Class, Error, Invocation};
use std::ffi::OsString;
use std::io::stderr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// The editor of POSIX systems, if the user has set none.
const DEFAULT_EDITOR: &str = "vi";

/// Runs `$VISUAL`, else `$EDITOR`, else `vi`, and waits until the user has closed it.
///
/// # Errors
/// If it cannot be started, or fails.
pub(super) fn edit(invocation: &Invocation, file: &Path) -> Result<(), Error> {
    let editor = editor();
    let mut command = Command::new("sh");
    // The shell splits `code --wait` and expands `~`, as git has it done.
    command
        .arg("-c")
        .arg("eval \"$KT_EDITOR_COMMAND\" '\"$1\"'")
        .arg("kt-editor")
        .arg(file)
        .env("KT_EDITOR_COMMAND", &editor)
        .current_dir(&invocation.cwd);
    // The result of kt is the only data on standard output.
    if !invocation.output.terminal {
        command.stdout(Stdio::from(stderr()));
    }
    let failed = |cause: String| {
        let message = format!("the editor `{}` failed", editor.display());
        Error::new(Class::Unavailable, "editor-failed", message)
            .cause(cause)
            .hint("set the environment variable EDITOR to another one")
    };
    let status = command.status().map_err(|e| failed(e.to_string()))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(describe(status)))
    }
}

fn editor() -> OsString {
    let set = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(std::env::var_os);
    let mut set = set.filter(|editor| !editor.is_empty());
    set.next().unwrap_or_else(|| DEFAULT_EDITOR.into())
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(127) => "it was not found".to_owned(),
        _ => status.to_string(),
    }
}
