//! A command that runs in the background of a test.

use super::output::CommandOutput;
use super::wait::wait_until;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read;
use std::process::{Child, Output};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running process, which is killed by its process id when this is dropped.
#[must_use = "the process is killed when this is dropped"]
pub(crate) struct Background {
    line: String,
    child: Child,
    stdout: Capture,
    stderr: Capture,
}

/// The bytes of a stream, read by a thread.
struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Capture {
    fn start(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut chunk = [0u8; 8192];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                if let (Ok(mut bytes), Some(new)) = (shared.lock(), chunk.get(..read)) {
                    bytes.extend_from_slice(new);
                }
            }
        });
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    fn empty() -> Self {
        Self {
            bytes: Arc::default(),
            reader: None,
        }
    }

    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().expect("the reader does not panic");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits for the end of the stream and returns all of it.
    fn finish(&mut self) -> Vec<u8> {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        self.bytes
            .lock()
            .expect("the reader does not panic")
            .clone()
    }
}

impl Background {
    /// Captures the output of a child, as far as its streams are pipes.
    pub(super) fn new(line: String, mut child: Child) -> Self {
        let stdout = child
            .stdout
            .take()
            .map_or_else(Capture::empty, Capture::start);
        let stderr = child
            .stderr
            .take()
            .map_or_else(Capture::empty, Capture::start);
        Self {
            line,
            child,
            stdout,
            stderr,
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// Standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// Whether the process is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `probe` returns something for standard output and standard
    /// error.
    ///
    /// # Panics
    /// When the process ends before, or after `limit`.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut(&str, &str) -> Option<T>,
    ) -> T {
        wait_until(&format!("{what} from `{}`", self.line), limit, || {
            let running = self.is_running();
            let found = probe(&self.stdout(), &self.stderr());
            assert!(
                running || found.is_some(),
                "`{}` ended before {what}\n{}\n{}",
                self.line,
                self.stdout(),
                self.stderr()
            );
            found
        })
    }

    /// Sends a signal to this process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id is positive"), signal)
            .unwrap_or_else(|e| panic!("cannot signal `{}`: {e}", self.line));
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    /// When it is still running after `limit`; it is killed then.
    pub(crate) fn wait(mut self, limit: Duration) -> CommandOutput {
        let end = std::time::Instant::now() + limit;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if std::time::Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Ok(None) => {
                    self.kill();
                    panic!(
                        "`{}` did not end within {limit:?}\n--- stdout\n{}--- stderr\n{}---",
                        self.line,
                        self.stdout(),
                        self.stderr()
                    );
                }
                Err(e) => panic!("`{}`: {e}", self.line),
            }
        };
        let output = Output {
            status,
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
        };
        CommandOutput::new(self.line.clone(), output)
    }

    fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a failing test shows the output of its processes"
)]
impl Drop for Background {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!(
                "--- output of `{}`\n{}\n{}---",
                self.line,
                self.stdout(),
                self.stderr()
            );
        }
    }
}
