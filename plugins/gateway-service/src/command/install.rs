//! `kt gateway install`.

use super::session::Session;
use crate::desk::Desk;
use crate::install::{self, Installed, Wanted};
use crate::record::{Phase, Record, SCHEMA};
use crate::{binary, preview, spec, world};
use jiff::Timestamp;
use kt_control_api::{GatewayId, connect, find_gateway};
use kt_plugin_api::service::{Action, Fitness, RenderOptions, ServiceSpec};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// When the manifest's default is missing.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn install(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    if let Some(form) = invocation.args.text("print") {
        return print(&session, form == "json");
    }
    let _lock = session.lock()?;
    let before = session.record()?;
    let (id, gateway_name) = gateway(&session)?;
    let backend = session.open(before.as_ref())?;
    let say = |text: &str| context.progress(text);
    let mut desk = session.desk(&backend, &say)?;
    refuse_other_os(&desk)?;
    let spec = spec::spec(invocation, &session.env, &desk.facts, &session.name, &id)?;
    let mut notes = warnings(&session, &desk, &spec)?;
    let wanted = Wanted {
        record: record(&session, &desk, spec, id, gateway_name),
        start: !invocation.args.flag("no-start"),
        boot: !invocation.args.flag("no-linger"),
        force: invocation.args.flag("force"),
        patience: invocation.args.duration("timeout").unwrap_or(PATIENCE),
    };
    let installed = install::install(&mut desk, &wanted, before.as_ref())?;
    notes.extend(installed.notes.iter().cloned());
    Ok(answer(&installed, notes))
}

/// The gateway's id and name. The answer of `--print` must not need a control
/// plane when the id is spelt out.
fn gateway(session: &Session<'_, '_>) -> Result<(String, String), Error> {
    let wanted = session.invocation.args.text("id");
    let printing = session.invocation.args.text("print").is_some();
    if let (true, Some(id)) = (printing, wanted.and_then(|w| w.parse::<GatewayId>().ok())) {
        return Ok((id.to_string(), id.to_string()));
    }
    let client = connect(session.invocation, session.context)?;
    let gateway = find_gateway(&client, wanted)?;
    Ok((gateway.id.to_string(), gateway.name))
}

fn refuse_other_os(desk: &Desk<'_>) -> Result<(), Error> {
    if desk.described.os.contains(&desk.facts.os) {
        return Ok(());
    }
    let message = format!(
        "`{}` acts on {}, and this is {}",
        desk.described.name,
        desk.described.os.join(", "),
        desk.facts.os
    );
    Err(Error::new(Class::Unavailable, "no-supervisor", message)
        .hint("`--print` shows what it would do there"))
}

fn record(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    spec: ServiceSpec,
    id: String,
    name: String,
) -> Record {
    Record {
        schema: SCHEMA.to_owned(),
        phase: Phase::Installing,
        backend: desk.described.name.clone(),
        gateway_id: id,
        gateway_name: name,
        kt_version: session.invocation.host_version.clone(),
        listen: session.invocation.args.text("listen").map(str::to_owned),
        files: Vec::new(),
        runtime_dir: world::runtime_dir(&desk.dirs, &desk.facts),
        linger_by_kt: false,
        installed_at: Timestamp::now().to_string(),
        spec,
    }
}

/// What the person should know before anything is done.
fn warnings(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    spec: &ServiceSpec,
) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    if let Some(kt) = spec.exec.first() {
        notes.extend(binary::fleeting(Path::new(kt)));
    }
    let Some(file) = &spec.environment_file else {
        return Ok(notes);
    };
    let there = spec::check_environment_file(desk.runner, file, desk.facts.uid)?;
    let read = desk.described.capabilities.environment_file;
    if there && !read {
        notes.push(format!(
            "`{}` does not read `{}`",
            desk.described.name,
            file.display()
        ));
    }
    if !there && read && session.invocation.setting("api.token").is_some() {
        notes.push(format!(
            "the token of this shell is not passed on; put KEEPTRUSTS_GATEWAY_TOKEN into `{}`, mode 0600",
            file.display()
        ));
    }
    Ok(notes)
}

fn answer(installed: &Installed, notes: Vec<String>) -> Output {
    let record = &installed.record;
    let value = json!({
        "service": record.spec.name,
        "result": installed.result,
        "gateway": { "id": record.gateway_id, "name": record.gateway_name },
        "backend": record.backend,
        "files": record.files.iter().map(|f| &f.path).collect::<Vec<_>>(),
        "executable": record.spec.exec.first(),
        "environment_file": record.spec.environment_file,
    });
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

/// Shows everything and does nothing. For another system nobody is asked how
/// things stand there.
fn print(session: &Session<'_, '_>, as_json: bool) -> Result<Output, Error> {
    let before = session.record()?;
    let (id, _) = gateway(session)?;
    let backend = session.open(before.as_ref())?;
    let mut desk = session.desk(&backend, &|_| {})?;
    let here = desk.described.os.contains(&desk.facts.os);
    if !here {
        desk.facts.os = desk.described.os.first().cloned().unwrap_or_default();
        desk.facts.runtime_dir = None;
    }
    let spec = spec::spec(
        session.invocation,
        &session.env,
        &desk.facts,
        &session.name,
        &id,
    )?;
    let observed = if here {
        look(&mut desk, session)?
    } else {
        None
    };
    let options = RenderOptions {
        start: !session.invocation.args.flag("no-start"),
        boot: !session.invocation.args.flag("no-linger"),
        ..RenderOptions::default()
    };
    let plan = desk.render(Action::Install, &spec, observed.as_ref(), options)?;
    let mut notes = Vec::new();
    if let Some(kt) = spec.exec.first() {
        notes.extend(binary::fleeting(Path::new(kt)));
    }
    let (service, backend) = (session.name.as_str(), desk.backend.describe()?.name);
    Ok(preview::show(service, &backend, &plan, &notes, as_json))
}

fn look(
    desk: &mut Desk<'_>,
    session: &Session<'_, '_>,
) -> Result<Option<kt_plugin_api::service::Observed>, Error> {
    let detection = desk.detect()?;
    desk.adopt(&detection);
    if detection.fitness != Fitness::Usable {
        return Ok(None);
    }
    desk.observe(&session.name).map(Some)
}
