//! What is printed before the process ends.

use super::fixed_text::FixedText;
use super::identity::PluginIdentity;
use std::sync::atomic::{AtomicBool, Ordering};

/// The time to wait for a reader of standard error, milliseconds.
const WRITE_TIMEOUT_MS: i32 = 1000;

static JSON: AtomicBool = AtomicBool::new(false);

/// The message, without the plugin that it is about.
pub(super) type Message = FixedText<512>;

/// An error after which the process ends.
pub(super) struct Report<'a> {
    pub(super) id: &'static str,
    pub(super) class: &'static str,
    /// The exit code, as a shell shows it.
    pub(super) exit: i32,
    pub(super) message: &'a Message,
    /// The plugin to blame.
    pub(super) plugin: Option<&'static PluginIdentity>,
}

/// Sets whether reports are JSON, as other errors are.
pub(crate) fn use_json(json: bool) {
    JSON.store(json, Ordering::Relaxed);
}

impl Report<'_> {
    /// Writes the report to standard error; async-signal-safe.
    pub(super) fn print(&self) {
        let Self {
            id,
            class,
            exit,
            message,
            plugin,
        } = self;
        let mut parts = Parts::default();
        let json = JSON.load(Ordering::Relaxed);
        if json {
            parts.add(r#"{"error":{"id":""#).add(id);
            parts.add(r#"","class":""#).add(class);
            parts.add(r#"","message":""#).add(message.as_str());
        } else {
            parts.add("error: ").add(message.as_str()).add("\n");
        }
        if let Some(plugin) = plugin {
            parts.add(if json {
                r#"","hints":["this is a bug in the plugin; report it to "#
            } else {
                "  hint: this is a bug in the plugin; report it to "
            });
            parts.add(plugin.report_to.as_str());
            if json {
                parts.add(r#""],"data":{"plugin":""#);
                parts.add(plugin.name.as_str());
                parts.add(r#"","version":""#).add(plugin.version.as_str());
                parts.add(r#""},"exit":"#);
            } else {
                parts.add("\n");
            }
        } else if json {
            parts.add(r#"","exit":"#);
        }
        let code = FixedText::<12>::of(format_args!("{exit}"));
        if json {
            parts.add(code.as_str()).add("}}\n");
        }
        write_stderr(parts.bytes());
    }
}

/// Texts that are written at once, so that lines of several threads do not interleave.
struct Parts {
    bytes: [u8; 1536],
    length: usize,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            bytes: [0; 1536],
            length: 0,
        }
    }
}

impl Parts {
    fn add(&mut self, text: &str) -> &mut Self {
        let rest = self.bytes.get_mut(self.length..).unwrap_or_default();
        for (target, byte) in rest.iter_mut().zip(text.bytes()) {
            *target = byte;
            self.length += 1;
        }
        self
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Writes to standard error. A reader that does not read must not keep the process from
/// ending.
fn write_stderr(mut bytes: &[u8]) {
    let mut stderr = libc::pollfd {
        fd: libc::STDERR_FILENO,
        events: libc::POLLOUT,
        revents: 0,
    };
    while !bytes.is_empty() {
        // SAFETY: one valid struct, and bytes that outlive the call.
        let written = unsafe {
            if libc::poll(&raw mut stderr, 1, WRITE_TIMEOUT_MS) == 0 {
                return;
            }
            libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len())
        };
        let Ok(written) = usize::try_from(written) else {
            return;
        };
        bytes = bytes.get(written..).unwrap_or_default();
    }
}
