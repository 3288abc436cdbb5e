//! From arguments, or from what is installed, to what is to be installed.

use super::session::Session;
use crate::desk::Desk;
use crate::files::Leave;
use crate::install::Wanted;
use crate::record::Record;
use crate::sandbox::Level;
use crate::secrets;
use crate::spec::{self, Wish};
use crate::world;
use jiff::Timestamp;
use kt_control_api::{connect, resolve_gateway};
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceSpec;
use std::path::PathBuf;
use std::time::Duration;

/// When the manifest's default is missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to be installed, and what the person should know before.
pub(super) fn wanted(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    before: Option<&Record>,
) -> Result<(Wanted, Vec<String>), Error> {
    let args = &session.invocation.args;
    let refresh = args.flag("refresh");
    let (record, notes) = match before.filter(|_| refresh) {
        Some(before) => (renewed(session, desk, before)?, Vec::new()),
        None => fresh(session, desk)?,
    };
    let mut record = record;
    if let Some(level) = Level::of(args.text("sandbox")) {
        record.sandbox = level;
    }
    let wanted = Wanted {
        record,
        start: !args.flag("no-start"),
        // Renewing a service leaves alone when it starts.
        boot: !args.flag("no-linger") && !refresh,
        refresh,
        leave: Leave {
            force: args.flag("force"),
            adopt: args.flag("adopt"),
            take_over: args.flag("take-over"),
        },
        patience: args.duration("timeout").unwrap_or(PATIENCE),
    };
    Ok((wanted, notes))
}

/// What the arguments say.
fn fresh(session: &Session<'_, '_>, desk: &Desk<'_>) -> Result<(Record, Vec<String>), Error> {
    let invocation = session.invocation;
    let client = connect(invocation, session.context)?;
    let gateway = resolve_gateway(&client, invocation.args.text("id"))?;
    let id = gateway.id.to_string();
    let wish = wish(session, &id, spec::executable(invocation, &session.env)?);
    let spec = spec::spec(invocation, desk, &session.name, &wish)?;
    let mut notes = environment_file(session, desk, &spec)?;
    if let Some(desired) = &gateway.desired {
        let content = client.config_content(&id, desired.version)?;
        notes.extend(credentials(session, desk, &spec, &content)?);
    }
    let record = record(session, desk, spec, &wish, gateway.name);
    Ok((record, notes))
}

/// What is installed, as this kt would write it.
pub(super) fn renewed(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    before: &Record,
) -> Result<Record, Error> {
    let invocation = session.invocation;
    let known = before.spec.exec.first().map(PathBuf::from);
    let executable = match (invocation.args.path("executable"), known) {
        // It may be a link that an upgrade has moved; that is the point of it.
        (None, Some(kt)) if kt.exists() => kt,
        _ => spec::executable(invocation, &session.env)?,
    };
    let wish = Wish {
        id: before.gateway_id.clone(),
        listen: before.listen.clone(),
        admin_listen: before.admin_listen.clone(),
        executable,
    };
    let mut spec = spec::spec(invocation, desk, &session.name, &wish)?;
    // The world of the service is that of the shell that installed it.
    spec.environment.clone_from(&before.spec.environment);
    spec.environment_file
        .clone_from(&before.spec.environment_file);
    if !before.spec.read_write_paths.is_empty() {
        spec.read_write_paths
            .clone_from(&before.spec.read_write_paths);
    }
    let name = before.gateway_name.clone();
    Ok(Record {
        sandbox: before.sandbox,
        ..record(session, desk, spec, &wish, name)
    })
}

/// What the arguments say of gateway `id`.
pub(super) fn wish(session: &Session<'_, '_>, id: &str, executable: PathBuf) -> Wish {
    let text = |name: &str| session.invocation.args.text(name).map(str::to_owned);
    Wish {
        id: id.to_owned(),
        listen: text("listen"),
        admin_listen: text("admin-listen"),
        executable,
    }
}

fn record(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    spec: ServiceSpec,
    wish: &Wish,
    gateway_name: String,
) -> Record {
    let runtime_dir = world::runtime_dir(&desk.dirs, &desk.system);
    Record {
        gateway_id: wish.id.clone(),
        gateway_name,
        kt_version: session.invocation.host_version.clone(),
        listen: wish.listen.clone(),
        admin_listen: wish.admin_listen.clone(),
        installed_at: Timestamp::now().to_string(),
        ..Record::new(&desk.described.name, spec, runtime_dir)
    }
}

/// Whether tokens reach the service.
fn environment_file(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    spec: &ServiceSpec,
) -> Result<Vec<String>, Error> {
    let Some(file) = &spec.environment_file else {
        return Ok(Vec::new());
    };
    let there = spec::check_environment_file(desk.runner, file, desk.system.uid)?;
    let read = desk.described.capabilities.environment_file;
    let token = session.invocation.setting("api.token").is_some();
    let file = file.display();
    let note = match (there, read) {
        (true, false) => Some(format!("`{}` does not read `{file}`", desk.described.name)),
        (false, true) if token => Some(format!(
            "the token of this shell is not passed on; put KEEPTRUSTS_GATEWAY_TOKEN into `{file}`, mode 0600"
        )),
        _ => None,
    };
    Ok(note.into_iter().collect())
}

/// Whether credentials reach the service.
fn credentials(
    session: &Session<'_, '_>,
    desk: &Desk<'_>,
    spec: &ServiceSpec,
    content: &str,
) -> Result<Option<String>, Error> {
    let Some(file) = &spec.environment_file else {
        return Ok(None);
    };
    let reads = desk.described.capabilities.environment_file;
    let bytes = desk.runner.read(file).ok().flatten().filter(|_| reads);
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let set_here = |name: &str| session.env.set.contains(name);
    let missing = secrets::missing(content, &text, &set_here);
    missing.refuse(file)?;
    Ok(missing.note(file))
}
