//! The pager of the user, for results that are longer than the terminal.

use super::style::styled_printable;
use super::terminal::Terminal;
use crate::runtime::ignore_interrupts;
use anstream::ColorChoice;
use anstream::adapter::strip_str;
use rustix::termios::tcgetwinsize;
use signal_hook::consts::SIGINT;
use std::io::{self, ErrorKind, Write, stdout};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// The options of less that git sets too: quit if one screen is enough, show colors, and leave
/// the text on the screen.
const LESS: &str = "FRX";

impl Terminal {
    /// Shows a text in the pager. Returns `false` if it fits the terminal, or if there is no
    /// pager: the text has to be written then.
    pub(super) fn page(&self, text: &str) -> bool {
        let Some(command) = &self.pager else {
            return false;
        };
        let rows = tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_row));
        if rows == 0 || text.lines().count() < rows {
            return false;
        }
        let mut pager = Command::new("sh");
        pager.arg("-c").arg(command).stdin(Stdio::piped());
        for (name, value) in [("LESS", LESS), ("LESSCHARSET", "utf-8")] {
            if !self.has_less_variable || name != "LESS" {
                pager.env(name, value);
            }
        }
        let Ok(mut pager) = pager.spawn() else {
            return false;
        };
        // Ctrl-C belongs to the pager until it ends.
        ignore_interrupts(true);
        // Commands that handle no signals would end, and leave the pager behind.
        let handler = signal_hook::flag::register(SIGINT, Arc::default());
        let text = match self.stdout_color {
            ColorChoice::Never => strip_str(text).to_string(),
            _ => text.to_owned(),
        };
        let text = styled_printable(&text);
        let written = match pager.stdin.take() {
            Some(mut stdin) => stdin.write_all(text.as_bytes()),
            None => Ok(()),
        };
        let status = pager.wait();
        ignore_interrupts(false);
        if let Ok(handler) = handler {
            signal_hook::low_level::unregister(handler);
        }
        // The user may close the pager before its end. One that was not found has shown nothing.
        let closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
        let was_read = written.as_ref().map_or_else(closed, |()| true);
        was_read && status.is_ok_and(|status| !matches!(status.code(), Some(126 | 127)))
    }
}
