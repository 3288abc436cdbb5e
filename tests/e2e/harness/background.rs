//! A command that runs beside the test.

use super::ran::Ran;
use super::wait::wait_until;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running process; dropping it kills it, by its own process id.
#[must_use = "it ends when it is dropped"]
pub(crate) struct Background {
    line: String,
    child: Child,
    stdout: Collected,
    stderr: Collected,
}

struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Collected {
    fn from(mut stream: impl Read + Send + 'static) -> Self {
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

    fn nothing() -> Self {
        Self {
            bytes: Arc::default(),
            reader: None,
        }
    }

    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().expect("the reader does not panic");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything, once the stream has ended.
    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        self.so_far()
    }
}

impl Background {
    /// Watches a child whose output streams may be pipes.
    pub(super) fn watch(line: String, mut child: Child) -> Self {
        let stdout = child
            .stdout
            .take()
            .map_or_else(Collected::nothing, Collected::from);
        let stderr = child
            .stderr
            .take()
            .map_or_else(Collected::nothing, Collected::from);
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

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `probe` finds something in standard output and standard
    /// error.
    ///
    /// # Panics
    /// When it ends before, or does not come to that within `limit`.
    pub(crate) fn says<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut(&str, &str) -> Option<T>,
    ) -> T {
        wait_until(&format!("{what} from `{}`", self.line), limit, || {
            let running = self.runs();
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

    /// Waits for the end.
    ///
    /// # Panics
    /// When it has not ended after `limit`; it is killed then.
    pub(crate) fn wait(mut self, limit: Duration) -> Ran {
        let end = std::time::Instant::now() + limit;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if std::time::Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Ok(None) => {
                    self.end();
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
        Ran {
            line: self.line.clone(),
            status,
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
        }
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a failing test shows what its processes said"
)]
impl Drop for Background {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            eprintln!(
                "--- `{}` said\n{}\n{}---",
                self.line,
                self.stdout(),
                self.stderr()
            );
        }
    }
}
