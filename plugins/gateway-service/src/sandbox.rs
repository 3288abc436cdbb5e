//! How far a service is shut in: found out by trying, never guessed.

use crate::desk::Desk;
use crate::failure;
use crate::record::{Phase, Record};
use kt_plugin_api::service::Sandbox;
use kt_plugin_api::service::execute::{StepError, apply};
use kt_plugin_api::{Class, Error};
use serde::{Deserialize, Serialize};

/// What the person wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// The strictest that works.
    #[default]
    Auto,
    /// Strict, or nothing is installed.
    Strict,
    /// Base.
    Base,
}

impl Level {
    /// The word of `--sandbox`, if it was said.
    pub(crate) fn of(word: Option<&str>) -> Option<Self> {
        match word? {
            "strict" => Some(Self::Strict),
            "base" => Some(Self::Base),
            _ => Some(Self::Auto),
        }
    }
}

/// Decides the level of `record`, and notes why it is not a strict one.
///
/// What was tried under the same service manager and for the same kt is not
/// tried again, so that an installation that changes nothing does nothing.
///
/// # Errors
/// Class `unavailable` when a strict sandbox is wanted and does not work.
pub(crate) fn decide(
    desk: &Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
) -> Result<(), Error> {
    let wanted = record.sandbox;
    let able = desk.described.capabilities.strict_sandbox;
    if wanted == Level::Base || !able {
        record.spec.sandbox = Sandbox::Base;
        if wanted == Level::Strict {
            let message = format!("`{}` has no strict sandbox", desk.described.name);
            return Err(
                Error::new(Class::Unavailable, "sandbox-unavailable", message)
                    .hint("leave `--sandbox` out"),
            );
        }
        return Ok(());
    }
    if let Some(known) = before.filter(|b| tried_alike(b, record)) {
        record.spec.sandbox = known.spec.sandbox;
        record.sandbox_refused.clone_from(&known.sandbox_refused);
        if wanted == Level::Auto || known.spec.sandbox == Sandbox::Strict {
            return Ok(());
        }
    }
    record.sandbox_refused = attempt(desk, record)?;
    record.spec.sandbox = match &record.sandbox_refused {
        None => Sandbox::Strict,
        Some(_) => Sandbox::Base,
    };
    match &record.sandbox_refused {
        Some(why) if wanted == Level::Strict => Err(Error::new(
            Class::Unavailable,
            "sandbox-unavailable",
            "a strict sandbox does not work here",
        )
        .cause(why)
        .hint("`--sandbox auto` installs with the base sandbox")),
        _ => Ok(()),
    }
}

/// Whether the level of `known` was found by trying the same.
fn tried_alike(known: &Record, now: &Record) -> bool {
    let tried = known.spec.sandbox == Sandbox::Strict || known.sandbox_refused.is_some();
    tried
        && known.phase == Phase::Installed
        && known.supervisor == now.supervisor
        && known.kt_version == now.kt_version
        && known.spec.exec.first() == now.spec.exec.first()
        && known.spec.read_write_paths == now.spec.read_write_paths
        && known.spec.environment == now.spec.environment
}

/// Tries it; the answer is why it does not work.
fn attempt(desk: &Desk<'_>, record: &Record) -> Result<Option<String>, Error> {
    (desk.say)("trying a strict sandbox …");
    for dir in &record.spec.read_write_paths {
        desk.here.make_private_dir(dir).map_err(|e| {
            let message = format!("cannot create `{}`", dir.display());
            Error::new(Class::Unavailable, "directory-missing", message).cause(e)
        })?;
    }
    let plan = desk.preflight(&record.spec)?;
    for artifact in &plan.artifacts {
        // What a kt left that was killed here would be put back afterwards.
        drop(desk.runner.remove(&artifact.path));
    }
    let (refused, undo_log) = match apply(desk.runner, &plan) {
        Ok(applied) => (None, applied.undo_log),
        Err(failed) => {
            let ended = desk.runner.check_cancelled();
            let slow = matches!(failed.error, StepError::TimedOut);
            let why = failure::sentence(&failed);
            if ended.is_err() || slow {
                drop(failed.undo_log.undo(desk.runner));
                ended?;
                // A busy machine says nothing about its sandboxes.
                let message = "trying a strict sandbox took too long";
                return Err(Error::new(Class::Unavailable, "sandbox-unknown", message)
                    .cause(why)
                    .hint("try again, or pass `--sandbox base`"));
            }
            (Some(why), failed.undo_log)
        }
    };
    // A probe that cannot be cleared away is litter, not a reason to fail.
    drop(undo_log.undo(desk.runner));
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::{Level, decide};
    use crate::fake::{World, desk, wanted};
    use crate::record::{Phase, Record};
    use kt_plugin_api::service::Sandbox;

    fn tried(world: &World, level: Level, before: Option<&Record>) -> Result<Record, String> {
        let mut desk = desk(world);
        desk.described.capabilities.strict_sandbox = true;
        let mut record = wanted().record;
        record.sandbox = level;
        decide(&desk, &mut record, before)
            .map(|()| record)
            .map_err(|e| e.id.clone())
    }

    #[test]
    fn the_strictest_that_works_is_taken_and_nothing_is_left() {
        let world = World::new();
        let record = tried(&world, Level::Auto, None).unwrap();
        assert_eq!(record.spec.sandbox, Sandbox::Strict);
        assert_eq!(*world.verbs.borrow(), ["probe", "clear"]);
        assert!(world.snapshot().0.is_empty());
        let base = tried(&world, Level::Base, None).unwrap();
        assert_eq!(base.spec.sandbox, Sandbox::Base);
    }

    #[test]
    fn where_it_does_not_work_the_base_is_taken_with_the_reason() {
        let world = World::new();
        world.fails_at.set(Some(1));
        let record = tried(&world, Level::Auto, None).unwrap();
        assert_eq!(record.spec.sandbox, Sandbox::Base);
        assert!(
            record
                .sandbox_refused
                .unwrap()
                .contains("exited with code 1")
        );
        world.forget();
        let refused = tried(&world, Level::Strict, None).unwrap_err();
        assert_eq!(refused, "sandbox-unavailable");
    }

    #[test]
    fn what_was_tried_is_not_tried_again_until_something_changes() {
        let world = World::new();
        let mut known = tried(&world, Level::Auto, None).unwrap();
        known.phase = Phase::Installed;
        world.forget();
        let again = tried(&world, Level::Auto, Some(&known)).unwrap();
        assert_eq!(again.spec.sandbox, Sandbox::Strict);
        assert!(world.verbs.borrow().is_empty());
        known.supervisor = "another 1".to_owned();
        tried(&world, Level::Auto, Some(&known)).unwrap();
        assert!(!world.verbs.borrow().is_empty());
    }
}
