//! `kt gateway install`.

use super::print::print;
use super::session::Session;
use super::wanted::wanted;
use crate::desk::Desk;
use crate::install::{self, Installed};
use crate::{preview, run};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::json;

pub(crate) fn install(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    if let Some(form) = invocation.args.text("print") {
        return print(&session, form == "json");
    }
    let _lock = session.lock()?;
    let before = session.record()?;
    if before.is_none() && invocation.args.flag("refresh") {
        return Err(run::not_installed(&session.name));
    }
    let backend = session.open(before.as_ref())?;
    let say = |text: &str| context.progress(text);
    let mut desk = session.desk(&backend, &say)?;
    refuse_other_os(&desk)?;
    desk.look_ahead();
    let (wanted, mut notes) = wanted(&session, &desk, before.as_ref())?;
    let installed = install::install(&mut desk, &wanted, before.as_ref())?;
    notes.extend(installed.notes.iter().cloned());
    Ok(answer(&installed, notes))
}

fn refuse_other_os(desk: &Desk<'_>) -> Result<(), Error> {
    if desk.described.os.contains(&desk.system.os) {
        return Ok(());
    }
    let message = format!(
        "`{}` acts on {}, and this is {}",
        desk.described.name,
        desk.described.os.join(", "),
        desk.system.os
    );
    Err(Error::new(Class::Unavailable, "no-supervisor", message)
        .hint("`--print` shows what it would do there"))
}

fn answer(installed: &Installed, mut notes: Vec<String>) -> Output {
    let record = &installed.record;
    let value = json!({
        "service": record.spec.name,
        "result": installed.result,
        "gateway": { "id": record.gateway_id, "name": record.gateway_name },
        "backend": record.backend,
        "files": record.files.iter().map(|f| &f.path).collect::<Vec<_>>(),
        "executable": record.spec.exec.first(),
        "environment_file": record.spec.environment_file,
        "sandbox": record.spec.sandbox,
    });
    if let Some(why) = &record.sandbox_refused
        && installed.result != "unchanged"
    {
        notes.push(format!("a strict sandbox does not work here: {why}"));
    }
    let name = &record.spec.name;
    let sentence = match installed.result {
        "unchanged" => format!(
            "service `{name}` unchanged: it runs gateway `{}`",
            record.gateway_name
        ),
        done => format!(
            "service `{name}` {done}: it runs gateway `{}`",
            record.gateway_name
        ),
    };
    preview::changed("kt.gateway.install/1", value, sentence, notes)
}
