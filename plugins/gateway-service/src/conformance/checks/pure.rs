//! What a backend answers, without its service manager.

use super::verdict::{ensure, said};
use crate::conformance::kit::{HOSTILE, Kit};
use crate::conformance::scenario::Outcome;
use kt_plugin_api::Class;
use kt_plugin_api::service::{Action, Plan, RenderOptions, ServiceSpec, StepAction};

const ACTIONS: [Action; 5] = [
    Action::Install,
    Action::Start,
    Action::Stop,
    Action::Restart,
    Action::Uninstall,
];

pub(in crate::conformance) fn describes(kit: &Kit<'_, '_>) -> Outcome {
    let told = &kit.described;
    let named = ensure(told.name == kit.provider, || {
        format!(
            "it calls itself `{}`, its manifest `{}`",
            told.name, kit.provider
        )
    });
    let acts = ensure(!told.os.is_empty() && !told.version.is_empty(), || {
        "`os` and `version` must say something".to_owned()
    });
    named.and(acts).into()
}

fn plan(kit: &Kit<'_, '_>, action: Action, spec: &ServiceSpec) -> Result<Plan, String> {
    kit.desk(kit.machine)
        .render(action, spec, None, RenderOptions::default())
        .map_err(|e| said(&e))
}

pub(in crate::conformance) fn renders(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let spec = kit.spec(&kit.main).map_err(|e| said(&e))?;
        let files = plan(kit, Action::Install, &spec)?.artifacts;
        ensure(!files.is_empty(), || {
            "`install` has no files of its own".to_owned()
        })?;
        for action in ACTIONS {
            let one = plan(kit, action, &spec)?;
            ensure(one == plan(kit, action, &spec)?, || {
                format!("two plans for {action:?} differ")
            })?;
            ensure(one.artifacts == files, || {
                format!("{action:?} names other files than `install`")
            })?;
            whole(&one).map_err(|why| format!("{action:?}: {why}"))?;
        }
        Ok(())
    };
    let result: Result<(), String> = all();
    result.into()
}

/// Whether a plan can be run.
fn whole(plan: &Plan) -> Result<(), String> {
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
            format!("step `{}` says nothing", step.id)
        })?;
        match &step.action {
            StepAction::Write(path) => {
                ensure(plan.artifacts.iter().any(|a| a.path == *path), || {
                    format!("there is no text for `{}`", path.display())
                })?
            }
            StepAction::Run(run) => ensure(!run.argv.is_empty() && run.timeout_ms > 0, || {
                format!("step `{}` runs nothing, or for no time", step.id)
            })?,
            StepAction::Remove(path) => ensure(path.is_absolute(), || {
                format!("`{}` is not absolute", path.display())
            })?,
        }
    }
    Ok(())
}

pub(in crate::conformance) fn hostile(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        for word in [HOSTILE, "", "\t", "\n", "%", "a\0b", "-", "*", "\u{7f}"] {
            let mut spec = kit.spec(&kit.main).map_err(|e| said(&e))?;
            spec.exec.push(word.to_owned());
            spec.environment.push(("KT_X".to_owned(), word.to_owned()));
            let rendered = kit.desk(kit.machine).render(
                Action::Install,
                &spec,
                None,
                RenderOptions::default(),
            );
            if let Err(error) = rendered {
                ensure(error.class == Class::Usage, || {
                    format!("{word:?} is refused with class `{}`", error.class.name())
                })?;
            }
        }
        Ok(())
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn logs(kit: &Kit<'_, '_>) -> Outcome {
    let spec = kit.spec(&kit.main);
    let asked = spec.and_then(|spec| kit.desk(kit.machine).logs(&spec, 10, Some(0)));
    asked.map(drop).map_err(|e| said(&e)).into()
}
