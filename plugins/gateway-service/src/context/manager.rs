//! Access to the service manager.

use super::rollback::{describe_failure, with_rollback_result};
use super::service_context::ServiceContext;
use kt_plugin_api::service::execute::{UndoLog, apply};
use kt_plugin_api::service::{Availability, Detection, Plan, Reason, StepRole};
use kt_plugin_api::{Class, Error};

/// The service manager is available.
#[derive(Debug, Default)]
pub(crate) struct ManagerAccess {
    /// Reverts the steps that made it available.
    pub(crate) undo_log: UndoLog,
    /// These steps enabled lingering for the user.
    pub(crate) linger_enabled: bool,
    /// The intent to enable lingering was recorded.
    pub(crate) intent_recorded: bool,
}

impl ServiceContext<'_> {
    /// Requires an available service manager, and applies the detected information.
    ///
    /// # Errors
    /// Class `unavailable` with the reasons and their fixes.
    pub(crate) fn require_manager(&mut self) -> Result<(), Error> {
        let detection = self.detect()?;
        if detection.availability != Availability::Available {
            return Err(unavailable(&detection));
        }
        self.apply_detection(&detection);
        Ok(())
    }

    /// As [`Self::require_manager`], but makes the service manager available where
    /// that is possible. `record_intent` is called before lingering is enabled, so
    /// that the change is attributed to kt even when kt is killed.
    ///
    /// # Errors
    /// As above, and those of `record_intent`.
    pub(crate) fn prepare_manager(
        &mut self,
        record_intent: &dyn Fn() -> Result<(), Error>,
    ) -> Result<ManagerAccess, Error> {
        let detection = self.detect()?;
        match detection.availability {
            Availability::Available => {
                self.apply_detection(&detection);
                Ok(ManagerAccess::default())
            }
            Availability::NeedsPreparation => {
                // Lingering that is already enabled was enabled by the user.
                let intent_recorded = detection
                    .prepare
                    .iter()
                    .any(|s| s.role == Some(StepRole::BootStart));
                if intent_recorded {
                    record_intent()?;
                }
                let access = self.prepare(&detection)?;
                Ok(ManagerAccess {
                    intent_recorded,
                    ..access
                })
            }
            Availability::Unavailable => Err(unavailable(&detection)),
        }
    }

    /// Detects the service manager and applies the result, before it is required.
    /// A failure is not an error yet.
    pub(crate) fn detect_if_available(&mut self) {
        if let Ok(detection) = self.detect()
            && detection.availability != Availability::Unavailable
        {
            self.apply_detection(&detection);
        }
    }

    /// Applies the detected information to all later requests.
    pub(crate) fn apply_detection(&mut self, detection: &Detection) {
        self.system_info
            .runtime_dir
            .clone_from(&detection.runtime_dir);
        self.system_info.supervisor_version = detection.version;
    }

    fn prepare(&mut self, detection: &Detection) -> Result<ManagerAccess, Error> {
        self.apply_detection(detection);
        let plan = Plan {
            steps: detection.prepare.clone(),
            ..Plan::default()
        };
        match apply(self.runner, &plan) {
            Ok(applied) => Ok(ManagerAccess {
                linger_enabled: applied.boot_start_enabled,
                intent_recorded: false,
                undo_log: applied.undo_log,
            }),
            Err(failure) => {
                let cause = describe_failure(&failure);
                let not_reverted = failure.undo_log.undo(self.runner);
                let error = unavailable(detection).cause(cause);
                Err(with_rollback_result(error, &not_reverted))
            }
        }
    }
}

/// Returns the error for an unavailable service manager.
fn unavailable(detection: &Detection) -> Error {
    let fallback = Reason {
        code: "no-supervisor".to_owned(),
        message: "the service manager is not available".to_owned(),
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
