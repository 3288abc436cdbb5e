//! A shell in tmux, as a person uses one: keys go in, and the screen comes out.

use super::sandbox::Sandbox;
use super::tools::tool;
use super::wait::TIMEOUT;
use std::path::PathBuf;
use std::time::Instant;

/// A server of tmux with one window. It ends, with what runs in it, when this is dropped.
#[must_use = "the shell ends when this is dropped"]
pub(crate) struct Tmux<'s> {
    sandbox: &'s Sandbox,
    program: PathBuf,
    socket: PathBuf,
}

impl<'s> Tmux<'s> {
    /// Starts a shell with kt on its `PATH` in a window of 24 lines; none if tmux is missing.
    pub(crate) fn start(sandbox: &'s Sandbox, shell: &str, columns: u16) -> Option<Self> {
        // A server that ends keeps its socket for a moment.
        let name = shell.split(' ').next().unwrap_or_default();
        let tmux = Self {
            sandbox,
            program: tool("tmux")?,
            socket: sandbox.root().join(format!("tmp/tmux-{name}")),
        };
        let columns = columns.to_string();
        let size = ["-x", &columns, "-y", "24"];
        tmux.run(&[&["new-session", "-d"], &size[..], &[shell]].concat());
        Some(tmux)
    }

    fn run(&self, args: &[&str]) -> String {
        let bin = self.sandbox.dist().join("bin");
        let command = self.sandbox.program(&self.program);
        command
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .args(["-f", "/dev/null", "-S"])
            .arg(&self.socket)
            .args(args)
            .run()
            .ok()
            .stdout
            .clone()
    }

    /// Types a text as it is.
    pub(crate) fn type_text(&self, text: &str) {
        self.run(&["send-keys", "-l", "--", text]);
    }

    /// Presses a key, such as `Enter`, `Tab` or `C-c`.
    pub(crate) fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// Types a line, and ends it.
    pub(crate) fn enter(&self, line: &str) {
        self.type_text(line);
        self.press("Enter");
    }

    pub(crate) fn resize(&self, columns: u16) {
        self.run(&["resize-window", "-x", &columns.to_string()]);
    }

    /// The lines of the window. A line that the terminal has wrapped is one line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let screen = self.run(&["capture-pane", "-p", "-J"]);
        let lines = screen.lines().map(|line| line.trim_end().to_owned());
        lines.collect()
    }

    /// Waits for a screen with a text.
    ///
    /// # Panics
    /// After the usual time.
    pub(crate) fn wait_for(&self, text: &str) -> Vec<String> {
        self.wait_until(text, |lines| lines.iter().any(|line| line.contains(text)))
    }

    /// Waits for a screen that `is` one.
    ///
    /// # Panics
    /// After the usual time.
    pub(crate) fn wait_until(&self, what: &str, is: impl Fn(&[String]) -> bool) -> Vec<String> {
        let end = Instant::now() + TIMEOUT;
        // Each turn starts a program, which is pause enough.
        loop {
            let lines = self.lines();
            if is(&lines) {
                return lines;
            }
            let screen = lines.join("\n");
            assert!(Instant::now() < end, "`{what}` is not shown:\n{screen}");
        }
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let command = self.sandbox.program(&self.program).args(["-S"]);
        drop(command.arg(&self.socket).arg("kill-server").run());
    }
}
