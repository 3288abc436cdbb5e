//! The one object that writes to the standard streams.

use super::parts::Lost;
use crate::cli::{Format, Global};
use crate::environment::{self, Environment};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// The standard streams, and how to use them.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    pub(crate) format: Format,
    pub(crate) quiet: bool,
    pub(crate) headers: bool,
    /// Standard output is a terminal.
    pub(crate) out_is_terminal: bool,
    /// Progress may be shown.
    pub(crate) progress: bool,
    /// Questions may be asked.
    pub(crate) interactive: bool,
    /// Questions are answered with yes.
    pub(crate) yes: bool,
    /// Events were written: what follows on standard output is a line too.
    pub(super) lines: Arc<AtomicBool>,
    /// Why no more parts of a result are written.
    pub(super) lost: Arc<OnceLock<Lost>>,
    out_color: ColorChoice,
    talk_color: ColorChoice,
}

/// What a stretch of text means; the text must be clear without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
    Hint,
    Header,
}

impl Tone {
    fn style(self) -> Style {
        let color = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Good => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red).bold(),
            Self::Hint => color(AnsiColor::Cyan),
            Self::Header => Style::new().bold(),
        }
    }
}

/// `text` in the colour of `tone`; the stream strips it where none is wanted.
pub(crate) fn toned(tone: Tone, text: &str) -> String {
    let style = tone.style();
    format!("{style}{text}{style:#}")
}

impl Terminal {
    /// How to use the streams for these options.
    pub(crate) fn new(global: &Global, env: &Environment) -> Self {
        let out = io::stdout().is_terminal();
        let talk = io::stderr().is_terminal();
        let ci = env.switch("CI");
        Self {
            format: global.format,
            quiet: global.quiet,
            headers: !global.no_headers,
            out_is_terminal: out,
            progress: talk && !global.quiet && !ci && !env.switch(environment::NO_PROGRESS),
            interactive: io::stdin().is_terminal() && talk && !global.no_input && !ci,
            yes: global.yes,
            lines: Arc::default(),
            lost: Arc::default(),
            out_color: choice(global, env, out),
            talk_color: choice(global, env, talk),
        }
    }

    /// Writes data. A closed pipe is success: the reader has what it wanted.
    ///
    /// # Errors
    /// When the stream cannot take the data, such as a full disk.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        match self.write(text) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes data, for a reader who may have gone.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out_color);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes one line of talk. Nobody can be told when that fails.
    pub(crate) fn talk(&self, line: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.talk_color);
        drop(err.write_all(format!("{line}\n").as_bytes()));
    }

    /// Writes one line of talk, unless `--quiet`.
    pub(crate) fn status(&self, line: &str) {
        if !self.quiet {
            self.talk(line);
        }
    }
}

/// `--color` (or `KT_COLOR`) > `NO_COLOR` > `CLICOLOR_FORCE`, `FORCE_COLOR` >
/// `CLICOLOR=0` > a terminal that is not dumb.
fn choice(global: &Global, env: &Environment, terminal: bool) -> ColorChoice {
    match global.color.as_deref() {
        Some("always") => return ColorChoice::AlwaysAnsi,
        Some("never") => return ColorChoice::Never,
        _ => {}
    }
    if env.var("NO_COLOR").is_some() {
        return ColorChoice::Never;
    }
    if env.switch("CLICOLOR_FORCE") || env.switch("FORCE_COLOR") {
        return ColorChoice::AlwaysAnsi;
    }
    let dumb = env.var("TERM").is_none_or(|t| t == "dumb");
    if terminal && !dumb && env.var("CLICOLOR") != Some("0") {
        ColorChoice::AlwaysAnsi
    } else {
        ColorChoice::Never
    }
}
