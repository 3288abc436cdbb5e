//! The standard streams; nothing else writes to them.

use super::closed_output::ClosedOutput;
use super::pager_command::pager_command;
use super::style::styled_printable;
use super::table::{TableLayout, truncate};
use super::width::{stderr_columns, stdout_columns};
use crate::environment::{self, Environment};
use crate::options::{GlobalOptions, OutputFormat};
use crate::selection::Selection;
use anstream::{AutoStream, ColorChoice};
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Moves to the start of the line, and clears it.
const CLEAR_LINE: &str = "\r\u{1b}[2K";
/// The width of a terminal that does not tell it.
const MIN_PROGRESS_COLUMNS: usize = 40;

/// The standard streams, and the options for output and prompts.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    pub(crate) format: OutputFormat,
    pub(crate) quiet: bool,
    pub(crate) headers: bool,
    /// Standard output is a terminal.
    pub(crate) stdout_is_terminal: bool,
    /// Progress messages are shown.
    pub(crate) progress: bool,
    /// Prompts are possible.
    pub(crate) interactive: bool,
    /// Every confirmation is answered with yes.
    pub(crate) yes: bool,
    /// Events or parts were written, so the result has to be one more line or
    /// document.
    pub(super) streaming: Arc<AtomicBool>,
    /// Why no more parts of a result are written.
    pub(super) closed: Arc<OnceLock<ClosedOutput>>,
    /// What is printed of a result instead of all of it.
    pub(super) selection: Option<Selection>,
    /// The width of standard output, if it is a terminal.
    pub(super) columns: Option<usize>,
    /// The table that parts continue.
    pub(super) part_layout: Arc<Mutex<Option<TableLayout>>>,
    pub(super) pager: Option<String>,
    /// The user has set the options of less.
    pub(super) has_less_variable: bool,
    /// A progress message is on the last line of the terminal.
    has_progress_line: Arc<AtomicBool>,
    pub(super) stdout_color: ColorChoice,
    stderr_color: ColorChoice,
}

impl Terminal {
    /// Determines the use of the streams from the options and the environment.
    pub(crate) fn new(global: &GlobalOptions, env: &Environment) -> Self {
        let stdout = io::stdout().is_terminal();
        let stderr = io::stderr().is_terminal();
        let ci = env.is_enabled("CI");
        Self {
            format: global.format,
            quiet: global.quiet,
            headers: !global.no_headers,
            stdout_is_terminal: stdout,
            progress: stderr
                && !global.quiet
                && !ci
                && !is_dumb(env)
                && !env.is_enabled(environment::NO_PROGRESS),
            interactive: io::stdin().is_terminal() && stderr && !global.no_input && !ci,
            yes: global.yes,
            streaming: Arc::default(),
            closed: Arc::default(),
            selection: global.selection.clone(),
            columns: stdout.then(stdout_columns).flatten(),
            part_layout: Arc::default(),
            pager: (stdout && !global.no_pager && !ci && !is_dumb(env))
                .then(|| pager_command(env))
                .flatten(),
            has_less_variable: env.var("LESS").is_some(),
            has_progress_line: Arc::default(),
            stdout_color: color_choice(global, env, stdout),
            stderr_color: color_choice(global, env, stderr),
        }
    }

    /// Writes data. A closed pipe is not an error.
    ///
    /// # Errors
    /// If writing fails, such as on a full disk.
    pub(crate) fn print_data(&self, text: &str) -> io::Result<()> {
        match self.write(text) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes data; a closed pipe is an error.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        self.clear_progress();
        // A pipe gets documents unchanged.
        let text = if self.stdout_is_terminal {
            styled_printable(text)
        } else {
            Cow::Borrowed(text)
        };
        // Standard output has a buffer of one line; the text is written at once.
        let mut written = AutoStream::new(Vec::new(), self.stdout_color);
        written.write_all(text.as_bytes())?;
        let mut out = io::stdout().lock();
        out.write_all(&written.into_inner())?;
        out.flush()
    }

    /// Writes a question to standard error, after which the answer is typed.
    pub(super) fn print_prompt(&self, question: &str) {
        self.clear_progress();
        let mut err = AutoStream::new(io::stderr().lock(), self.stderr_color);
        let question = styled_printable(question);
        drop(err.write_all(format!("{question} ").as_bytes()));
        drop(err.flush());
    }

    /// Writes a line to standard error. A failure cannot be reported anywhere.
    pub(crate) fn print_stderr(&self, line: &str) {
        self.clear_progress();
        let mut err = AutoStream::new(io::stderr().lock(), self.stderr_color);
        let line = styled_printable(line);
        drop(err.write_all(format!("{line}\n").as_bytes()));
    }

    /// Shows what the command does on the last line of the terminal, until something else is
    /// printed.
    pub(super) fn print_progress(&self, message: &str) {
        if !self.progress {
            return;
        }
        let columns = stderr_columns().unwrap_or(MIN_PROGRESS_COLUMNS);
        let line = truncate(message, columns.saturating_sub(1));
        self.has_progress_line.store(true, Ordering::Relaxed);
        let mut err = io::stderr().lock();
        drop(write!(err, "{CLEAR_LINE}{line}"));
        drop(err.flush());
    }

    /// Removes the progress message.
    pub(super) fn clear_progress(&self) {
        if self.has_progress_line.swap(false, Ordering::Relaxed) {
            drop(io::stderr().lock().write_all(CLEAR_LINE.as_bytes()));
        }
    }

    /// Writes a line to standard error, unless `--quiet`.
    pub(crate) fn print_status(&self, line: &str) {
        if !self.quiet {
            self.print_stderr(line);
        }
    }
}

fn is_dumb(env: &Environment) -> bool {
    env.var("TERM").is_none_or(|term| term == "dumb")
}

/// `--color` (or `KT_COLOR`) > `NO_COLOR` > `CLICOLOR_FORCE`, `FORCE_COLOR` >
/// `CLICOLOR=0` > a terminal that is not dumb.
fn color_choice(global: &GlobalOptions, env: &Environment, terminal: bool) -> ColorChoice {
    match global.color.as_deref() {
        Some("always") => return ColorChoice::AlwaysAnsi,
        Some("never") => return ColorChoice::Never,
        _ => {}
    }
    if env.var("NO_COLOR").is_some() {
        return ColorChoice::Never;
    }
    if env.is_enabled("CLICOLOR_FORCE") || env.is_enabled("FORCE_COLOR") {
        return ColorChoice::AlwaysAnsi;
    }
    if terminal && !is_dumb(env) && env.var("CLICOLOR") != Some("0") {
        ColorChoice::AlwaysAnsi
    } else {
        ColorChoice::Never
    }
}
