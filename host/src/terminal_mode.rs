//! The mode of the terminal while a secret is typed, which is restored however the
//! process ends.

#![forbid(unsafe_code)]

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::io::stdin;
use std::sync::Mutex;

/// The mode to restore.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);
/// `_POSIX_VDISABLE`: no character.
const DISABLED: u8 = if cfg!(target_os = "macos") { 0xff } else { 0 };

/// Restores the mode when it is dropped.
#[must_use = "the mode is restored when this is dropped"]
pub(crate) struct HiddenInput(());

impl HiddenInput {
    /// Hides what is typed. The keys that would end or stop the process with the terminal
    /// in this state have no effect; Ctrl-C and its signal have.
    ///
    /// # Errors
    /// If standard input is not a terminal.
    pub(crate) fn begin() -> rustix::io::Result<Self> {
        let saved = tcgetattr(stdin())?;
        let mut hidden = saved.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        for key in [SpecialCodeIndex::VQUIT, SpecialCodeIndex::VSUSP] {
            hidden.special_codes[key] = DISABLED;
        }
        if let Ok(mut mode) = SAVED.lock() {
            *mode = Some(saved);
        }
        let hiding = Self(());
        tcsetattr(stdin(), OptionalActions::Now, &hidden)?;
        Ok(hiding)
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the mode, if it was changed. Does not wait for a lock, so that a handler of a
/// crash may call it.
pub(crate) fn restore() {
    if let Ok(mut saved) = SAVED.try_lock()
        && let Some(mode) = saved.take()
    {
        // There may be no terminal anymore.
        let _result = tcsetattr(stdin(), OptionalActions::Now, &mode);
    }
}
