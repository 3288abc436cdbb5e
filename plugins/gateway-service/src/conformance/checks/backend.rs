//! Checks of the responses of a backend, without its service manager.

use super::assertions::ensure;
use crate::conformance::outcome::{CheckOutcome, Mismatch};
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

pub(in crate::conformance) fn describe(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let description = &test.description;
        test.step("call `describe`");
        let expected = format!("`name` is that of the manifest, `{}`", test.provider);
        ensure(description.name == test.provider, &expected, || {
            format!("`{}`", description.name)
        })?;
        ensure(
            !description.os.is_empty() && !description.version.is_empty(),
            "`os` and `version` are not empty",
            || format!("os {:?}, version {:?}", description.os, description.version),
        )
    })
}

fn render_plan(
    test: &TestContext<'_>,
    action: Action,
    spec: &ServiceSpec,
) -> Result<Plan, Mismatch> {
    let service = test.service_context(&test.runner);
    Ok(service.render(action, spec, None, RenderOptions::default())?)
}

pub(in crate::conformance) fn render(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        let spec = test.spec(&test.main)?;
        let files = render_plan(test, Action::Install, &spec)?.artifacts;
        ensure(!files.is_empty(), "the plan of `install` has files", || {
            "`artifacts` is empty".to_owned()
        })?;
        for action in ACTIONS {
            test.step(&format!("call `render` twice for {action:?}"));
            let plan = render_plan(test, action, &spec)?;
            let again = render_plan(test, action, &spec)?;
            ensure(plan == again, "the same plan for the same request", || {
                format!("{plan:?}, then {again:?}")
            })?;
            let expected = "the files of the plan are those of `install`";
            ensure(plan.artifacts == files, expected, || {
                format!("{:?}", plan.artifacts)
            })?;
            validate_plan(&plan)?;
        }
        Ok(())
    })
}

/// Checks that a plan can be executed.
fn validate_plan(plan: &Plan) -> Result<(), Mismatch> {
    for artifact in &plan.artifacts {
        let path = artifact.path.display();
        ensure(
            artifact.path.is_absolute(),
            "paths of files are absolute",
            || format!("`{path}`"),
        )?;
        ensure(
            artifact.mode & !0o777 == 0 && artifact.mode & 0o002 == 0,
            "a mode without other bits than permissions, not writable by everyone",
            || format!("`{path}` has the mode {:o}", artifact.mode),
        )?;
    }
    for step in &plan.steps {
        ensure(
            !step.id.is_empty() && !step.description.is_empty(),
            "every step has an ID and a description",
            || format!("step `{}`, described as `{}`", step.id, step.description),
        )?;
        match &step.action {
            StepAction::Write(path) => ensure(
                plan.artifacts.iter().any(|a| a.path == *path),
                "every file that a step writes is in `artifacts`",
                || format!("step `{}` writes `{}`", step.id, path.display()),
            )?,
            StepAction::Run(run) => ensure(
                !run.argv.is_empty() && run.timeout_ms > 0,
                "every program has a command and a timeout",
                || format!("step `{}`: {run:?}", step.id),
            )?,
            StepAction::Remove(path) => {
                ensure(path.is_absolute(), "paths of files are absolute", || {
                    format!("step `{}` removes `{}`", step.id, path.display())
                })?
            }
        }
    }
    Ok(())
}

pub(in crate::conformance) fn hostile(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        for word in [HOSTILE, "", "\t", "\n", "%", "a\0b", "-", "*", "\u{7f}"] {
            let mut spec = test.spec(&test.main)?;
            spec.exec.push(word.to_owned());
            spec.environment.push(("KT_X".to_owned(), word.to_owned()));
            let rendered = test.service_context(&test.runner).render(
                Action::Install,
                &spec,
                None,
                RenderOptions::default(),
            );
            test.step(&format!("render an argument and a variable {word:?}"));
            if let Err(error) = rendered {
                let expected = "a plan, or an error of class `usage`";
                ensure(error.class == Class::Usage, expected, || {
                    format!("class `{}`: {error}", error.class.name())
                })?;
            }
        }
        Ok(())
    })
}

pub(in crate::conformance) fn logs(test: &TestContext<'_>) -> CheckOutcome {
    CheckOutcome::of(|| {
        test.step("call `logs`");
        let spec = test.spec(&test.main)?;
        test.service_context(&test.runner)
            .logs(&spec, 10, Some(0))?;
        Ok(())
    })
}
