//! Starts the parts of a gateway, and stops them in order.

use super::default_source;
use super::options::Options;
use super::start::{StartConfig, load};
use crate::admin::{self, AdminServer, ControlStatus};
use crate::audit::AuditLog;
use crate::control::{ActiveConfig, Controller, Identity, StatusReporter};
use crate::halt::Halts;
use crate::listener::{self, ADMIN_SOCKET, BoundSockets, InheritedSockets, TRAFFIC_SOCKET};
use crate::metrics::Metrics;
use crate::plugin_calls::PluginCalls;
use crate::request_log::request_log;
use crate::snapshot::{Builder, SecretResolver, Snapshot};
use crate::state::{GatewayState, RequestSettings};
use crate::supervisor::Supervisor;
use crate::upstream::TlsConfig;
use crate::worker::Pool;
use jiff::Timestamp;
use kt_listen_address::resolve;
use kt_plugin_api::{Class, Context, Error, Event, Invocation, Output, View};
use kt_policy::Limits;
use serde_json::json;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::unbounded_channel;

/// Everything that a gateway listens on.
struct Sockets {
    traffic: BoundSockets,
    admin: BoundSockets,
    inherited: InheritedSockets,
    unix: UnixListener,
    unix_path: PathBuf,
}

/// Runs a gateway until it is canceled.
///
/// # Errors
/// Everything that prevents it from serving.
pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    if invocation.dry_run {
        let options = options(invocation, context)?;
        check_addresses(&options)?;
        let builder = builder(invocation, context, &options);
        let start = load(invocation, context, &options, &builder)?;
        return Ok(dry_run_output(&start.snapshot));
    }
    // Before anything can fail: if the start fails, clients must not wait at
    // sockets that the service manager stores.
    let inherited = InheritedSockets::new(context.take_inherited_fds());
    let options = options(invocation, context)?;
    let builder = builder(invocation, context, &options);
    let start = load(invocation, context, &options, &builder)?;
    let sockets = bind(invocation, &options, inherited, &start.key)?;
    create_private_dir(&start.state_dir)?;
    let metrics = Arc::new(Metrics::new());
    let audit_file = start.state_dir.join("audit.jsonl");
    let (audit, audit_thread) =
        AuditLog::start(&audit_file, Arc::clone(&metrics)).map_err(|e| {
            let message = format!("cannot open the audit log `{}`", audit_file.display());
            Error::new(Class::Unavailable, "audit-log", message).cause(e)
        })?;
    let settings = RequestSettings {
        fail_open: options.fail_open,
        max_concurrency: options.max_concurrency,
        loopback: sockets.traffic.address.ip().is_loopback(),
    };
    let (log, lines) = options.log_requests.then(request_log).unzip();
    let halts = Arc::new(Halts::open(&start.state_dir));
    if let Some(managed) = start.origin.managed.as_ref().filter(|_| start.connected) {
        halts.start(&managed.gateway);
    }
    let state = Arc::new(GatewayState::new(metrics, audit, log, settings, halts));
    std::thread::scope(|scope| {
        if let Some(lines) = lines {
            scope.spawn(move || lines.show(context));
        }
        let serve = || serve(context, &options, &builder, start, sockets, &state);
        let output = builder.plugins.serve_during(context, serve);
        // The threads end with the last handle, after writing what is queued.
        drop(state);
        drop(audit_thread.join());
        output
    })
}

/// Parses the options, and completes them with what to serve.
fn options(invocation: &Invocation, context: &Context<'_>) -> Result<Options, Error> {
    let mut options = Options::parse(invocation)?;
    default_source::select(invocation, context, &mut options)?;
    Ok(options)
}

/// Checks what a dry run does not bind.
///
/// # Errors
/// Those of [`resolve`] for either address.
fn check_addresses(options: &Options) -> Result<(), Error> {
    let traffic = resolve(&options.listen, options.allow_remote)?;
    resolve(&options.admin_address(traffic), options.allow_remote)?;
    Ok(())
}

/// Binds all sockets. The process that holds the unix socket runs this gateway: no
/// files of another process may be changed before.
fn bind(
    invocation: &Invocation,
    options: &Options,
    mut inherited: InheritedSockets,
    key: &str,
) -> Result<Sockets, Error> {
    let mut bind = |address: &str, count, name| {
        listener::bind(address, count, &mut inherited, name, options.allow_remote)
    };
    let traffic = bind(&options.listen, options.workers, TRAFFIC_SOCKET)?;
    let admin_address = options.admin_address(traffic.address);
    let admin = bind(&admin_address, 1, ADMIN_SOCKET)?;
    let unix_path = kt_control_api::admin_socket(&invocation.dirs.runtime, key);
    Ok(Sockets {
        traffic,
        admin,
        inherited,
        unix: admin::bind_socket(&unix_path)?,
        unix_path,
    })
}

fn builder<'a>(
    invocation: &Invocation,
    context: &'a Context<'a>,
    options: &Options,
) -> Builder<'a> {
    Builder {
        limits: Limits {
            allowed_ports: options.outbound_ports.clone(),
            fail_open: options.fail_open,
            ..Limits::default()
        },
        secrets: SecretResolver {
            context,
            state_dir: invocation.dirs.state.clone(),
        },
        upstream_override: options.upstream_override.clone(),
        plugins: PluginCalls::new(),
    }
}

fn dry_run_output(snapshot: &Snapshot) -> Output {
    let value = json!({ "valid": true, "version": snapshot.version, "sha256": snapshot.sha256 });
    Output::new(
        "kt.gateway.run/1",
        value,
        View::Message("the configuration is valid".to_owned()),
    )
    .name_path("/sha256")
}

fn create_private_dir(dir: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| {
            let message = format!("cannot create `{}`", dir.display());
            Error::new(Class::Unavailable, "state-dir", message).cause(e)
        })
}

fn serve(
    context: &Context<'_>,
    options: &Options,
    builder: &Builder<'_>,
    start: StartConfig<'_>,
    sockets: Sockets,
    state: &Arc<GatewayState>,
) -> Result<Output, Error> {
    let tls = TlsConfig::with_system_roots();
    let (listen, admin_listen) = (
        sockets.traffic.address.to_string(),
        sockets.admin.address.to_string(),
    );
    let identity = Identity::new(listen.clone());
    let snapshot = Arc::new(start.snapshot);
    let gateway = start.origin.managed.as_ref().map(|m| &m.gateway);
    let generation = gateway.map_or(0, |g| g.generation);
    let status = Arc::new(Mutex::new(ControlStatus {
        instance_id: identity.instance_id.to_string(),
        gateway: gateway.map(|g| g.id.to_string()),
        listen: listen.clone(),
        admin_listen: admin_listen.clone(),
        snapshot: Arc::clone(&snapshot),
        applied_at: Timestamp::now(),
        source: start.source,
        desired: start.desired,
        last_reload: None,
        connected: start.connected,
    }));
    let pending_store = sockets.inherited.prepare_store(vec![
        (
            TRAFFIC_SOCKET,
            sockets.traffic.to_store().unwrap_or_default(),
        ),
        (ADMIN_SOCKET, sockets.admin.to_store().unwrap_or_default()),
    ]);
    let (reload_sender, reloads) = unbounded_channel();
    let admin_listener = sockets
        .admin
        .listeners
        .into_iter()
        .next()
        .ok_or_else(|| Error::internal("no socket for the administration server"))?;
    let admin_server = AdminServer::start(
        admin_listener,
        (sockets.unix, &sockets.unix_path),
        Arc::clone(state),
        Arc::clone(&status),
        reload_sender,
    )?;
    let pool = Pool::start(sockets.traffic, &snapshot, state, &tls)
        .map_err(|e| Error::internal("cannot create the worker threads").cause(e))?;
    pending_store.commit();
    let acknowledged = if start.rejected.is_none() && start.connected {
        generation
    } else {
        0
    };
    let active = ActiveConfig::new(
        &pool,
        Arc::clone(state),
        status,
        start.last_applied,
        (Arc::clone(&snapshot), start.source, acknowledged),
    );
    let mut controller = Controller::new(
        context,
        builder,
        Arc::clone(state),
        start.origin,
        active,
        StatusReporter::new(identity),
        (start.connected, options.poll_wait),
    );
    controller.initialize(start.rejected, generation);
    let mut supervisor = Supervisor::new(options.notify_file.clone());
    state.set_ready(true);
    supervisor.ready(&snapshot);
    context.event(&listening_event(&listen, &admin_listen, &snapshot));
    controller.run(reloads, &mut supervisor)?;
    state.set_ready(false);
    supervisor.stopping();
    controller.report(true);
    let applied_at = controller.applied_at();
    drop(controller);
    pool.stop(options.drain);
    drop(admin_server);
    let served = state.served();
    let value = json!({ "listen": listen, "requests": served, "applied_at": applied_at });
    let view = View::Message(match served {
        1 => "stopped after 1 request".to_owned(),
        _ => format!("stopped after {served} requests"),
    });
    Ok(Output::new("kt.gateway.run/1", value, view).name_path("/listen"))
}

fn listening_event(listen: &str, admin_listen: &str, snapshot: &Snapshot) -> Event {
    let pack = &snapshot.document.pack;
    Event {
        event: "listening".to_owned(),
        message: format!(
            "serving {}@{} on http://{listen} (health and metrics on http://{admin_listen})",
            pack.name, pack.version
        ),
        data: json!({
            "listen": listen,
            "admin_listen": admin_listen,
            "version": snapshot.version,
            "sha256": snapshot.sha256,
        }),
    }
}
