//! Checks of the responses of a backend, without its service manager.

use super::assertions::{describe_error, ensure};
use crate::conformance::outcome::CheckOutcome;
use crate::conformance::test_context::{HOSTILE, TestContext};
use kt_plugin_api::Class;
use kt_plugin_api::service::{Action, Plan, RenderOptions, ServiceSpec, StepAction};

const ACTIONS: [Action; 5] = [
    Action::Install,
    Action::Start,
    Action::Stop,
    Action::Restart,
    Action::Uninstall,
];

pub(in crate::conformance) fn describe(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let description = &test.description;
        ensure(description.name == test.provider, || {
            format!(
                "the backend reports the name `{}`, its manifest `{}`",
                description.name, test.provider
            )
        })?;
        ensure(
            !description.os.is_empty() && !description.version.is_empty(),
            || "`os` and `version` must not be empty".to_owned(),
        )
    })
}

fn render_plan(
    test: &TestContext<'_, '_>,
    action: Action,
    spec: &ServiceSpec,
) -> Result<Plan, String> {
    test.service_context(test.runner)
        .render(action, spec, None, RenderOptions::default())
        .map_err(|e| describe_error(&e))
}

pub(in crate::conformance) fn render(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let spec = test.spec(&test.main).map_err(|e| describe_error(&e))?;
        let files = render_plan(test, Action::Install, &spec)?.artifacts;
        ensure(!files.is_empty(), || {
            "the plan of `install` has no files".to_owned()
        })?;
        for action in ACTIONS {
            let plan = render_plan(test, action, &spec)?;
            ensure(plan == render_plan(test, action, &spec)?, || {
                format!("two plans for {action:?} differ")
            })?;
            ensure(plan.artifacts == files, || {
                format!("the files of {action:?} differ from those of `install`")
            })?;
            validate_plan(&plan).map_err(|error| format!("{action:?}: {error}"))?;
        }
        Ok(())
    })
}

/// Checks that a plan can be executed.
fn validate_plan(plan: &Plan) -> Result<(), String> {
    for artifact in &plan.artifacts {
        let path = artifact.path.display();
        ensure(artifact.path.is_absolute(), || {
            format!("`{path}` is not absolute")
        })?;
        ensure(
            artifact.mode & !0o777 == 0 && artifact.mode & 0o002 == 0,
            || format!("`{path}` has the mode {:o}", artifact.mode),
        )?;
    }
    for step in &plan.steps {
        ensure(!step.id.is_empty() && !step.description.is_empty(), || {
            format!("step `{}` has no ID or no description", step.id)
        })?;
        match &step.action {
            StepAction::Write(path) => {
                ensure(plan.artifacts.iter().any(|a| a.path == *path), || {
                    format!("there is no content for `{}`", path.display())
                })?
            }
            StepAction::Run(run) => ensure(!run.argv.is_empty() && run.timeout_ms > 0, || {
                format!("step `{}` has no command or no timeout", step.id)
            })?,
            StepAction::Remove(path) => ensure(path.is_absolute(), || {
                format!("`{}` is not absolute", path.display())
            })?,
        }
    }
    Ok(())
}

pub(in crate::conformance) fn hostile(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        for word in [HOSTILE, "", "\t", "\n", "%", "a\0b", "-", "*", "\u{7f}"] {
            let mut spec = test.spec(&test.main).map_err(|e| describe_error(&e))?;
            spec.exec.push(word.to_owned());
            spec.environment.push(("KT_X".to_owned(), word.to_owned()));
            let rendered = test.service_context(test.runner).render(
                Action::Install,
                &spec,
                None,
                RenderOptions::default(),
            );
            if let Err(error) = rendered {
                ensure(error.class == Class::Usage, || {
                    format!(
                        "{word:?} is rejected with class `{}`, not `usage`",
                        error.class.name()
                    )
                })?;
            }
        }
        Ok(())
    })
}

pub(in crate::conformance) fn logs(test: &TestContext<'_, '_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let spec = test.spec(&test.main).map_err(|e| describe_error(&e))?;
        let sources = test.service_context(test.runner).logs(&spec, 10, Some(0));
        sources.map(drop).map_err(|e| describe_error(&e))
    })
}
