//! Selects the sandbox level by testing it, because support cannot be predicted.

use crate::context::{ServiceContext, describe_failure};
use crate::record::{Phase, Record, SandboxMode};
use kt_plugin_api::service::Sandbox;
use kt_plugin_api::service::execute::{StepError, apply};
use kt_plugin_api::{Class, Error};

/// Selects the sandbox level of `record`, and records why it is not the strict one.
///
/// A test under the same service manager and the same kt is not repeated, so that an
/// installation without differences has no effects.
///
/// # Errors
/// Class `unavailable` if the strict sandbox is required but does not work.
pub(crate) fn select_sandbox(
    service: &ServiceContext<'_>,
    record: &mut Record,
    previous: Option<&Record>,
) -> Result<(), Error> {
    let mode = record.sandbox;
    let supported = service.description.capabilities.strict_sandbox;
    if mode == SandboxMode::Base || !supported {
        record.spec.sandbox = Sandbox::Base;
        if mode == SandboxMode::Strict {
            let message = format!("`{}` has no strict sandbox", service.description.name);
            return Err(
                Error::new(Class::Unavailable, "sandbox-unavailable", message)
                    .hint("omit `--sandbox`"),
            );
        }
        return Ok(());
    }
    if let Some(previous) = previous.filter(|p| is_tested(p, record)) {
        record.spec.sandbox = previous.spec.sandbox;
        record.sandbox_error.clone_from(&previous.sandbox_error);
        if mode == SandboxMode::Auto || previous.spec.sandbox == Sandbox::Strict {
            return Ok(());
        }
    }
    record.sandbox_error = test_strict(service, record)?;
    record.spec.sandbox = match &record.sandbox_error {
        None => Sandbox::Strict,
        Some(_) => Sandbox::Base,
    };
    match &record.sandbox_error {
        Some(cause) if mode == SandboxMode::Strict => Err(Error::new(
            Class::Unavailable,
            "sandbox-unavailable",
            "the strict sandbox does not work here",
        )
        .cause(cause)
        .hint("`--sandbox auto` installs with the base sandbox")),
        _ => Ok(()),
    }
}

/// Returns whether the result of the test of `previous` applies to `record`.
fn is_tested(previous: &Record, record: &Record) -> bool {
    let tested = previous.spec.sandbox == Sandbox::Strict || previous.sandbox_error.is_some();
    tested
        && previous.phase == Phase::Installed
        && previous.supervisor == record.supervisor
        && previous.kt_version == record.kt_version
        && previous.spec.exec.first() == record.spec.exec.first()
        && previous.spec.read_write_paths == record.spec.read_write_paths
        && previous.spec.environment == record.spec.environment
}

/// Tests the strict sandbox. Returns the reason why it does not work.
fn test_strict(service: &ServiceContext<'_>, record: &Record) -> Result<Option<String>, Error> {
    (service.progress)("testing the strict sandbox …");
    for dir in &record.spec.read_write_paths {
        service.system.create_private_dir(dir).map_err(|e| {
            let message = format!("cannot create `{}`", dir.display());
            Error::new(Class::Unavailable, "directory-missing", message).cause(e)
        })?;
    }
    let plan = service.preflight(&record.spec)?;
    for artifact in &plan.artifacts {
        // A file of a test that was killed would otherwise be restored by the rollback.
        drop(service.runner.remove(&artifact.path));
    }
    let (reason, undo_log) = match apply(service.runner, &plan) {
        Ok(applied) => (None, applied.undo_log),
        Err(failure) => {
            let cancelled = service.runner.check_cancelled();
            let timed_out = matches!(failure.error, StepError::TimedOut);
            let reason = describe_failure(&failure);
            if cancelled.is_err() || timed_out {
                drop(failure.undo_log.undo(service.runner));
                cancelled?;
                // A timeout on a busy machine is not a result.
                let message = "the test of the strict sandbox timed out";
                return Err(Error::new(Class::Unavailable, "sandbox-unknown", message)
                    .cause(reason)
                    .hint("try again, or specify `--sandbox base`"));
            }
            (Some(reason), failure.undo_log)
        }
    };
    // A test unit that cannot be removed is not a reason to fail.
    drop(undo_log.undo(service.runner));
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::select_sandbox;
    use crate::context::fixtures::service_context;
    use crate::record::fixtures::sample_record;
    use crate::record::{Phase, Record, SandboxMode};
    use crate::system::fake_system::FakeSystem;
    use kt_plugin_api::service::Sandbox;

    fn select(
        system: &FakeSystem,
        mode: SandboxMode,
        previous: Option<&Record>,
    ) -> Result<Record, String> {
        let mut service = service_context(system);
        service.description.capabilities.strict_sandbox = true;
        let mut record = sample_record();
        record.sandbox = mode;
        select_sandbox(&service, &mut record, previous)
            .map(|()| record)
            .map_err(|e| e.id.clone())
    }

    #[test]
    fn the_strictest_level_that_works_is_selected_and_the_test_is_removed() {
        let system = FakeSystem::new();
        let record = select(&system, SandboxMode::Auto, None).unwrap();
        assert_eq!(record.spec.sandbox, Sandbox::Strict);
        assert_eq!(*system.commands.borrow(), ["probe", "clear"]);
        assert!(system.snapshot().0.is_empty());
        let base = select(&system, SandboxMode::Base, None).unwrap();
        assert_eq!(base.spec.sandbox, Sandbox::Base);
    }

    #[test]
    fn the_base_level_is_selected_with_the_reason_where_strict_does_not_work() {
        let system = FakeSystem::new();
        system.fail_at.set(Some(1));
        let record = select(&system, SandboxMode::Auto, None).unwrap();
        assert_eq!(record.spec.sandbox, Sandbox::Base);
        assert!(record.sandbox_error.unwrap().contains("exited with code 1"));
        system.reset_history();
        let refused = select(&system, SandboxMode::Strict, None).unwrap_err();
        assert_eq!(refused, "sandbox-unavailable");
    }

    #[test]
    fn the_test_is_repeated_only_after_a_change() {
        let system = FakeSystem::new();
        let mut previous = select(&system, SandboxMode::Auto, None).unwrap();
        previous.phase = Phase::Installed;
        system.reset_history();
        let again = select(&system, SandboxMode::Auto, Some(&previous)).unwrap();
        assert_eq!(again.spec.sandbox, Sandbox::Strict);
        assert!(system.commands.borrow().is_empty());
        previous.supervisor = "other 1".to_owned();
        select(&system, SandboxMode::Auto, Some(&previous)).unwrap();
        assert!(!system.commands.borrow().is_empty());
    }
}
