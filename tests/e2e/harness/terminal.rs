//! A command in a pseudo-terminal, which is its controlling terminal: Ctrl-C is a signal.

use super::wait::{TIMEOUT, wait_until};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

/// A running command and its terminal. The process is killed when this is dropped.
#[must_use = "the process is killed when this is dropped"]
pub(crate) struct TerminalSession {
    line: String,
    child: Child,
    terminal: OwnedFd,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl TerminalSession {
    /// Starts a command that was built for a sandbox.
    pub(super) fn start(line: String, command: &Command, setsid: &Path, columns: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("it is granted");
        unlockpt(&terminal).expect("it is unlocked");
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).expect("it has a size");
        let name = ptsname(&terminal, Vec::new()).expect("it has a name");
        let name = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let slave = || {
            let slave = OpenOptions::new().read(true).write(true).open(name);
            slave.expect("it can be opened")
        };
        let variables = command.get_envs();
        let variables = variables.filter_map(|(name, value)| Some((name, value?)));
        let mut wrapped = Command::new(setsid);
        wrapped
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(variables)
            .env("TERM", "xterm")
            .stdin(slave())
            .stdout(slave())
            .stderr(slave());
        if let Some(directory) = command.get_current_dir() {
            wrapped.current_dir(directory);
        }
        let child = wrapped.spawn();
        let child = child.unwrap_or_else(|e| panic!("cannot start `{line}`: {e}"));
        let keyboard = File::from(terminal.try_clone().expect("it can be duplicated"));
        let mut output = File::from(terminal.try_clone().expect("it can be duplicated"));
        let screen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let shared = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // It fails when the last process with the terminal has ended.
            while let Ok(read @ 1..) = output.read(&mut chunk) {
                if let (Ok(mut screen), Some(new)) = (shared.lock(), chunk.get(..read)) {
                    screen.extend_from_slice(new);
                }
            }
        });
        Self {
            line,
            child,
            terminal,
            keyboard,
            screen,
        }
    }

    /// What was written to the terminal so far, typed characters included.
    pub(crate) fn screen(&self) -> String {
        let screen = self.screen.lock().expect("the reader does not panic");
        String::from_utf8_lossy(&screen).into_owned()
    }

    /// Waits until the terminal has shown `text`.
    ///
    /// # Panics
    /// After the usual time.
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(&format!("`{text}` from `{}`", self.line), TIMEOUT, || {
            self.screen().contains(text).then_some(())
        });
    }

    /// Types `text`; `\x03` is Ctrl-C and `\x04` is Ctrl-D.
    pub(crate) fn enter(&mut self, text: &str) {
        let typed = self.keyboard.write_all(text.as_bytes());
        typed.expect("the terminal is open");
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("it is a terminal");
        modes.local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until the terminal does not show what is typed.
    pub(crate) fn wait_hidden(&self) {
        wait_until("a hidden prompt", TIMEOUT, || {
            (!self.echoes()).then_some(())
        });
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let sent = kill_process(pid.expect("a process id is positive"), signal);
        sent.unwrap_or_else(|e| panic!("cannot signal `{}`: {e}", self.line));
    }

    /// Waits for the end of the process, and returns its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let what = format!("the end of `{}`", self.line);
        let status = wait_until(&what, TIMEOUT, || self.child.try_wait().ok().flatten());
        status.code()
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a failing test shows the output of its processes"
)]
impl Drop for TerminalSession {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- terminal of `{}`\n{}\n---", self.line, self.screen());
        }
    }
}
