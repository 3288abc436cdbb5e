//! `kt gateway uninstall`.

use super::session::Session;
use crate::desk::Desk;
use crate::files::Leave;
use crate::uninstall::{self as removal, Wishes};
use crate::{files, preview};
use kt_plugin_api::service::{Action, Plan, RenderOptions, ServiceSpec};
use kt_plugin_api::{Context, Error, Invocation, Output};
use serde_json::json;

pub(crate) fn uninstall(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    let printing = invocation.args.text("print");
    let _lock = if printing.is_none() {
        Some(session.lock()?)
    } else {
        None
    };
    let record = session.record()?;
    let Some(record) = record else {
        return nothing(&session, printing);
    };
    let backend = session.open(Some(&record))?;
    let say = |text: &str| context.progress(text);
    let mut desk = session.desk(&backend, &say)?;
    if let Some(form) = printing {
        desk.look_ahead();
        let observed = desk.observe(&record.spec.name).ok();
        let purge = invocation.args.flag("purge");
        let plan = removal::shown(&desk, &record, observed.as_ref(), purge)?;
        return Ok(preview::show(
            session.name.as_str(),
            &record.backend,
            &plan,
            &[],
            form == "json",
        ));
    }
    let wishes = Wishes {
        force: invocation.args.flag("force"),
        purge: invocation.args.flag("purge"),
    };
    let removed = removal::uninstall(&mut desk, &record, wishes)?;
    Ok(answer(&session, "uninstalled", removed.notes))
}

fn answer(session: &Session<'_, '_>, result: &str, notes: Vec<String>) -> Output {
    let value = json!({ "service": session.name, "result": result });
    let sentence = match result {
        "uninstalled" => format!("service `{}` uninstalled", session.name),
        _ => format!("there is no service `{}`: nothing to do", session.name),
    };
    preview::changed("kt.gateway.uninstall/1", value, sentence, notes)
}

/// Nothing of ours is there. What is somebody else's is named, and left alone.
fn nothing(session: &Session<'_, '_>, printing: Option<&str>) -> Result<Output, Error> {
    if let Some(form) = printing {
        let plan = Plan::default();
        return Ok(preview::show(
            session.name.as_str(),
            "",
            &plan,
            &[],
            form == "json",
        ));
    }
    // Without a backend there is nobody whose file it could be.
    if let Ok(backend) = session.open(None) {
        let desk = session.desk(&backend, &|_| {})?;
        refuse_foreign(session, &desk)?;
    }
    Ok(answer(session, "nothing", Vec::new()))
}

fn refuse_foreign(session: &Session<'_, '_>, desk: &Desk<'_>) -> Result<(), Error> {
    let spec = ServiceSpec {
        family: desk.family.clone(),
        name: session.name.clone(),
        // Only the file's place matters; its text is never compared.
        exec: vec!["/kt".to_owned()],
        ..ServiceSpec::default()
    };
    let plan = desk.render(Action::Uninstall, &spec, None, RenderOptions::default())?;
    files::guard(desk.runner, None, &plan.artifacts, Leave::default(), false).map(drop)
}
