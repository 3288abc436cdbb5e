//! A kt that is killed between every two changes: the next one finds the old or
//! the new, and mends it.

use super::life::{gone, runs_as_wanted};
use super::verdict::{ensure, said};
use crate::conformance::kit::Kit;
use crate::conformance::scenario::Outcome;
use crate::install;
use kt_plugin_api::service::execute::Runner as _;
use std::path::Path;

/// More changes than any backend needs.
const MOST: u32 = 60;

/// Whether each file is one of two texts, or may be absent, and nothing else.
fn old_or_new(kit: &Kit<'_, '_>, allowed: &[(String, Vec<Option<String>>)]) -> Result<(), String> {
    for (path, texts) in allowed {
        let bytes = kit.machine.read(Path::new(path));
        let bytes = bytes.map_err(|e| e.to_string())?;
        let now = bytes.map(|b| String::from_utf8_lossy(&b).into_owned());
        ensure(texts.contains(&now), || {
            format!("`{path}` is neither the old nor the new one")
        })?;
    }
    Ok(())
}

/// The service's files as the plan for the wanted service has them.
fn texts(kit: &Kit<'_, '_>) -> Result<Vec<(String, String)>, String> {
    let record = kit.record(&kit.main).ok_or("there is no record")?;
    let files = record.files.into_iter();
    Ok(files
        .map(|f| (f.path.display().to_string(), f.content))
        .collect())
}

const MORE: &[&str] = &["--workers", "2"];

pub(in crate::conformance) fn update(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let old = texts(kit)?;
        kit.more.set(MORE);
        kit.install(&kit.main).map_err(|e| said(&e))?;
        let new = texts(kit)?;
        let allowed: Vec<_> = old
            .iter()
            .zip(&new)
            .map(|(o, n)| (o.0.clone(), vec![Some(o.1.clone()), Some(n.1.clone())]))
            .collect();
        for (count, changes) in (0..MOST).enumerate() {
            kit.machine.check_cancelled().map_err(|e| e.to_string())?;
            // There and back, so that every round is a change.
            kit.more.set(if count % 2 == 0 { &[] } else { MORE });
            let wanted = kit.wanted(&kit.main).map_err(|e| said(&e))?;
            let before = kit.record(&kit.main);
            let mortal = kit.mortal(changes);
            let done = install::install(&mut kit.desk(&mortal), &wanted, before.as_ref());
            old_or_new(kit, &allowed).map_err(|why| format!("after {changes} changes: {why}"))?;
            let finished = done.is_ok() && !mortal.died();
            kit.install(&kit.main)
                .map_err(|e| format!("after {changes} changes: {}", said(&e)))?;
            runs_as_wanted(kit).map_err(|why| format!("after {changes} changes: {why}"))?;
            if finished {
                return Ok(());
            }
        }
        Err(format!("an update needs more than {MOST} changes"))
    };
    let result: Result<(), String> = all();
    kit.more.set(&[]);
    result.into()
}

pub(in crate::conformance) fn first_and_last(kit: &Kit<'_, '_>) -> Outcome {
    let result = first(kit).and_then(|()| last(kit));
    result.into()
}

fn first(kit: &Kit<'_, '_>) -> Result<(), String> {
    for changes in 0..MOST {
        kit.machine.check_cancelled().map_err(|e| e.to_string())?;
        gone(kit, &kit.main).map_err(|why| format!("before {changes} changes: {why}"))?;
        let wanted = kit.wanted(&kit.main).map_err(|e| said(&e))?;
        let mortal = kit.mortal(changes);
        let done = install::install(&mut kit.desk(&mortal), &wanted, None);
        let finished = done.is_ok() && !mortal.died();
        // In turn it is gone on with, and given up.
        if changes % 2 == 0 {
            kit.install(&kit.main)
                .map_err(|e| format!("after {changes} changes: {}", said(&e)))?;
        }
        kit.uninstall(&kit.main)
            .map_err(|e| format!("after {changes} changes: {}", said(&e)))?;
        gone(kit, &kit.main).map_err(|why| format!("after {changes} changes: {why}"))?;
        if finished {
            return Ok(());
        }
    }
    Err(format!("an installation needs more than {MOST} changes"))
}

fn last(kit: &Kit<'_, '_>) -> Result<(), String> {
    for changes in 0..MOST {
        kit.machine.check_cancelled().map_err(|e| e.to_string())?;
        kit.install(&kit.main).map_err(|e| said(&e))?;
        let mortal = kit.mortal(changes);
        let done = kit.uninstall_over(&mortal, &kit.main);
        let finished = done.is_ok() && !mortal.died();
        kit.uninstall(&kit.main)
            .map_err(|e| format!("after {changes} changes: {}", said(&e)))?;
        gone(kit, &kit.main).map_err(|why| format!("after {changes} changes: {why}"))?;
        if finished {
            return Ok(());
        }
    }
    Err(format!("a removal needs more than {MOST} changes"))
}
