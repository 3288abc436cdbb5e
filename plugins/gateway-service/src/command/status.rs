//! `kt gateway status`.

use super::session::Session;
use crate::desk::Desk;
use crate::record::Record;
use crate::status::{self, Layers, Report, Verdict, Version};
use kt_control_api::connect;
use kt_plugin_api::service::execute::Runner as _;
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use std::time::{Duration, Instant};

/// How long the control plane may take.
const CONTROL_PLANE: Duration = Duration::from_secs(2);
/// Between two looks with `--wait`; a look starts programs.
const PAUSE: Duration = Duration::from_millis(200);
/// When the manifest's default is missing.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn status(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    watch(invocation, context).map_err(|error| match error.class {
        Class::Interrupted | Class::Terminated => error,
        // Nothing was found out, so scripts must not read anything into it.
        _ => error.outcome(Verdict::Unknown.name()),
    })
}

fn watch(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let session = Session::begin(invocation, context)?;
    let strict = invocation.args.flag("strict");
    let patience = invocation.args.duration("timeout").unwrap_or(PATIENCE);
    let waiting = invocation.args.text("wait").is_some();
    let deadline = Instant::now() + patience;
    loop {
        let layers = look(&session)?;
        let report = status::judge(&layers, strict);
        if !waiting || settled(&report) || Instant::now() >= deadline {
            return Ok(status::output(&layers, &report));
        }
        context.check_cancelled()?;
        context.progress("waiting until the gateway is ready …");
        session.machine.sleep(PAUSE);
    }
}

/// Ready, or never going to be by itself. Which configuration it serves is
/// another question.
fn settled(report: &Report) -> bool {
    use Verdict::{Degraded, Failed, NotInstalled, Parked, Running, Warnings};
    matches!(
        report.verdict,
        Running | Degraded | Warnings | Failed | Parked | NotInstalled
    )
}

fn look(session: &Session<'_, '_>) -> Result<Layers, Error> {
    let record = session.record()?;
    let desired = |id: &str| desired(session, id);
    let backend = session.open(record.as_ref());
    let desk = backend
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|b| session.desk(b, &|_| {}));
    Ok(join(session, desk, record.as_ref(), &desired))
}

fn join(
    session: &Session<'_, '_>,
    desk: Result<Desk<'_>, Error>,
    record: Option<&Record>,
    desired: &dyn Fn(&str) -> Result<Option<Version>, String>,
) -> Layers {
    match desk {
        Ok(mut desk) => status::collect(Ok(&mut desk), &session.name, record, desired),
        Err(error) => status::collect(Err(error), &session.name, record, desired),
    }
}

fn desired(session: &Session<'_, '_>, id: &str) -> Result<Option<Version>, String> {
    let limited = session.context.with_timeout(CONTROL_PLANE);
    let client = connect(session.invocation, &limited).map_err(|e| e.to_string())?;
    let gateway = client.gateway(id).map_err(|e| e.to_string())?;
    Ok(gateway.desired.map(|d| Version {
        version: Some(d.version),
        sha256: d.sha256.to_string(),
    }))
}
