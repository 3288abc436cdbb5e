//! Reaches the service manager, or says why not.

use super::Desk;
use crate::failure;
use kt_plugin_api::service::execute::{UndoLog, apply};
use kt_plugin_api::service::{Availability, Detection, Plan, Reason, StepRole};
use kt_plugin_api::{Class, Error};

/// The service manager can be talked to.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    /// The way back from what it took.
    pub(crate) undo_log: UndoLog,
    /// Services of the person were made to start at boot for it.
    pub(crate) linger: bool,
    /// It was noted before that this was about to happen.
    pub(crate) intended: bool,
}

impl Desk<'_> {
    /// Reaches the service manager; what it said goes into the system.
    ///
    /// # Errors
    /// Class `unavailable` with the reasons and what cures them.
    pub(crate) fn reach(&mut self) -> Result<(), Error> {
        let detection = self.detect()?;
        if detection.availability != Availability::Available {
            return Err(unreachable(&detection));
        }
        self.adopt(&detection);
        Ok(())
    }

    /// The same; it is made reachable where that is possible. `intend` is
    /// called before that, so that it is known to be kt's doing even when this
    /// kt is killed.
    ///
    /// # Errors
    /// As above, and those of `intend`.
    pub(crate) fn reach_or_prepare(
        &mut self,
        intend: &dyn Fn() -> Result<(), Error>,
    ) -> Result<Reached, Error> {
        let detection = self.detect()?;
        match detection.availability {
            Availability::Available => {
                self.adopt(&detection);
                Ok(Reached::default())
            }
            Availability::NeedsPreparation => {
                // What lingers already is the person's doing.
                let intended = detection
                    .prepare
                    .iter()
                    .any(|s| s.role == Some(StepRole::BootStart));
                if intended {
                    intend()?;
                }
                let reached = self.prepare(&detection)?;
                Ok(Reached {
                    intended,
                    ..reached
                })
            }
            Availability::Unavailable => Err(unreachable(&detection)),
        }
    }

    /// Looks where the service manager is, for what is written down before it is
    /// reached. That it is not there is found when it must be.
    pub(crate) fn look_ahead(&mut self) {
        if let Ok(detection) = self.detect()
            && detection.availability != Availability::Unavailable
        {
            self.adopt(&detection);
        }
    }

    /// What detection found out, for everything that follows.
    pub(crate) fn adopt(&mut self, detection: &Detection) {
        self.system.runtime_dir.clone_from(&detection.runtime_dir);
        self.system.supervisor_version = detection.version;
    }

    fn prepare(&mut self, detection: &Detection) -> Result<Reached, Error> {
        self.adopt(detection);
        let plan = Plan {
            steps: detection.prepare.clone(),
            ..Plan::default()
        };
        match apply(self.runner, &plan) {
            Ok(applied) => Ok(Reached {
                linger: applied.boot_start_enabled,
                intended: false,
                undo_log: applied.undo_log,
            }),
            Err(failed) => {
                let why = failure::sentence(&failed);
                let left = failed.undo_log.undo(self.runner);
                let error = unreachable(detection).cause(why);
                Err(failure::with_leftovers(error, &left))
            }
        }
    }
}

/// No service manager can be talked to.
fn unreachable(detection: &Detection) -> Error {
    let fallback = Reason {
        code: "no-supervisor".to_owned(),
        message: "the service manager cannot be used".to_owned(),
        fix: None,
    };
    let first = detection.reasons.first().unwrap_or(&fallback);
    let class = if first.code == "runtime-dir-foreign" {
        Class::Unauthorized
    } else {
        Class::Unavailable
    };
    let mut error = Error::new(class, first.code.clone(), first.message.clone());
    for reason in detection.reasons.iter().skip(1) {
        error = error.cause(&reason.message);
    }
    for fix in detection.reasons.iter().filter_map(|r| r.fix.as_ref()) {
        error = error.hint(format!("`{fix}`"));
    }
    error.hint("`kt gateway run` runs a gateway in the foreground, under any supervisor")
}
