//! What does not decide, but should be known.

use super::layers::Layers;
use super::problem::{Report, Severity};
use crate::files::FileState;
use crate::record::Phase;
use kt_plugin_api::service::Autostart;

impl Report {
    fn knows(&self, code: &str) -> bool {
        self.problems.iter().any(|p| p.code == code)
    }

    /// What does not change the verdict, but should be known.
    pub(super) fn look_around(&mut self, layers: &Layers) {
        use Severity::{Info, Warn};
        let orphan = layers.supervisor.as_ref().is_ok_and(|o| o.orphaned);
        match layers.artifact.as_ref().map(|a| a.state) {
            Some(FileState::Drifted) => self.add(
                Warn,
                "drifted",
                "its file was edited by hand",
                Some("kt gateway install --refresh --adopt"),
            ),
            Some(FileState::Outdated) => self.add(
                Info,
                "outdated",
                "this kt would write its file differently",
                Some("kt gateway install --refresh"),
            ),
            // An orphan's missing file is said below, a stopped one's already.
            Some(FileState::Missing) if self.knows("file-missing") || orphan => {}
            Some(FileState::Missing) => self.add(
                Warn,
                "file-missing",
                "its file is gone",
                Some("kt gateway install"),
            ),
            Some(FileState::Foreign) => self.add(
                Warn,
                "foreign-unit",
                "its file was not written by this kt",
                None,
            ),
            Some(FileState::Current) | None => {}
        }
        if layers.process.replaced == Some(true) {
            self.add(
                Warn,
                "binary-replaced",
                "kt was replaced since the gateway started",
                Some("kt gateway restart"),
            );
        }
        let (Some(record), Ok(observed)) = (&layers.record, &layers.supervisor) else {
            return;
        };
        let unfinished = match record.phase {
            Phase::Installed => None,
            Phase::Installing => Some(("an installation was cut off", "kt gateway install")),
            Phase::Removing => Some(("its removal was cut off", "kt gateway uninstall")),
        };
        if let Some((message, fix)) = unfinished {
            self.add(Warn, "unfinished", message, Some(fix));
        }
        if record.restart_pending && observed.pid.is_some() {
            self.add(
                Warn,
                "restart-pending",
                "it was started before the last change of the service",
                Some("kt gateway restart"),
            );
        }
        if let Some(why) = &record.sandbox_refused {
            let message = format!("a strict sandbox does not work here: {why}");
            self.add(Info, "sandbox-base", message, None);
        }
        if observed.orphaned {
            self.add(
                Warn,
                "orphan",
                "it runs, but its file is gone",
                Some("kt gateway install"),
            );
        }
        if observed.needs_reload {
            self.add(
                Warn,
                "needs-daemon-reload",
                "its file changed since the service manager read it",
                Some("kt gateway install"),
            );
        }
        match observed.autostart {
            Some(Autostart::Never) if orphan || self.knows("file-missing") => {}
            Some(Autostart::Never) => self.add(
                Warn,
                "not-enabled",
                "it does not start by itself",
                Some("kt gateway install"),
            ),
            Some(Autostart::Login) if layers.boot_start => self.add(
                Warn,
                "linger-off",
                "it ends at logout and does not start at boot",
                Some("kt gateway install"),
            ),
            _ => {}
        }
    }
}
