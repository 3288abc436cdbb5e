//! Puts the parts together, and takes them apart in order.

use super::options::Options;
use super::start::{Start, start};
use super::supervisor::Supervisor;
use crate::admin::{self, Admin, View};
use crate::audit::Audit;
use crate::control::{Follower, Identity, Standing, report_of};
use crate::metrics::Metrics;
use crate::snapshot::{Builder, Secrets, Snapshot};
use crate::upstream::Tls;
use crate::worker::{self, ADMIN, Bound, Kept, Pool, Rules, Shared, TRAFFIC};
use jiff::Timestamp;
use kt_plugin_api::{Class, Context, Error, Event, Invocation, Output, View as Shown};
use kt_policy::Limits;
use serde_json::json;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

/// Runs a gateway until it is told to end.
///
/// # Errors
/// Whatever keeps it from serving.
pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    if invocation.dry_run {
        let options = Options::read(invocation)?;
        let builder = builder(invocation, context, &options);
        return Ok(checked(
            &start(invocation, context, &options, &builder)?.snapshot,
        ));
    }
    // Before anything can fail: whatever keeps the gateway from serving, clients
    // must not wait at sockets that the service manager keeps.
    let mut kept = Kept::of(context.take_inherited_fds());
    let options = Options::read(invocation)?;
    let builder = builder(invocation, context, &options);
    let start = start(invocation, context, &options, &builder)?;
    let traffic = worker::bind(&options.listen, options.workers, &mut kept, TRAFFIC)?;
    let admin = options.admin_address(traffic.address);
    let admin = worker::bind(&admin, 1, &mut kept, ADMIN)?;
    // Whoever holds the socket runs this gateway: nothing of another process may
    // be touched before.
    let socket = admin::path_of(&invocation.dirs.runtime, &start.key);
    let unix = admin::bind_socket(&socket)?;
    private_dir(&start)?;
    let metrics = Arc::new(Metrics::new());
    let (audit, audit_thread) = Audit::start(&start.dir.join("audit.jsonl"), Arc::clone(&metrics))
        .map_err(|e| {
            Error::new(
                Class::Unavailable,
                "no-audit",
                format!("cannot write audit records in `{}`", start.dir.display()),
            )
            .cause(e)
        })?;
    let rules = Rules {
        fail_open: options.fail_open,
        max_concurrency: options.max_concurrency,
        loopback: traffic.address.ip().is_loopback(),
    };
    let shared = Arc::new(Shared::new(metrics, audit, rules));
    let served = serve(
        context,
        &options,
        &builder,
        start,
        (traffic, admin, kept),
        (unix, &socket),
        &shared,
    );
    // The writer ends when the last handle is gone; what it holds is written.
    drop(shared);
    drop(audit_thread.join());
    served
}

fn builder<'a>(
    invocation: &Invocation,
    context: &'a Context<'a>,
    options: &Options,
) -> Builder<'a> {
    Builder {
        limits: Limits {
            allowed_ports: options.outbound_ports.clone(),
            ..Limits::default()
        },
        secrets: Secrets {
            context,
            state_dir: invocation.dirs.state.clone(),
        },
        upstream: options.upstream.clone(),
    }
}

fn checked(snapshot: &Snapshot) -> Output {
    let value = json!({ "valid": true, "version": snapshot.version, "sha256": snapshot.sha256 });
    Output::new(
        "kt.gateway.run/1",
        value,
        Shown::Message("the configuration can serve".to_owned()),
    )
    .name_path("/sha256")
}

fn private_dir(start: &Start<'_>) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&start.dir)
        .map_err(|e| {
            Error::new(
                Class::Unavailable,
                "no-state-dir",
                format!("cannot create `{}`", start.dir.display()),
            )
            .cause(e)
        })
}

fn serve(
    context: &Context<'_>,
    options: &Options,
    builder: &Builder<'_>,
    start: Start<'_>,
    (traffic, admin, kept): (Bound, Bound, Kept),
    (unix, socket): (UnixListener, &Path),
    shared: &Arc<Shared>,
) -> Result<Output, Error> {
    let tls = Tls::system();
    let (listen, admin_listen) = (traffic.address.to_string(), admin.address.to_string());
    let snapshot = Arc::new(start.snapshot);
    let identity = Identity::new();
    let view = Arc::new(Mutex::new(View {
        instance_id: identity.instance_id.to_string(),
        gateway: start.managed.as_ref().map(|m| m.gateway.id.to_string()),
        listen: listen.clone(),
        admin_listen: admin_listen.clone(),
        snapshot: Arc::clone(&snapshot),
        applied_at: Timestamp::now(),
        source: start.source,
        desired: start.desired.clone(),
        last_reload: None,
        connected: start.connected,
    }));
    let hand_over = kept.hand_over(&traffic, &admin);
    let (ask, requests) = channel();
    let listener = admin
        .listeners
        .into_iter()
        .next()
        .ok_or_else(|| Error::internal("no admin socket"))?;
    let administration = Admin::start(
        listener,
        (unix, socket),
        Arc::clone(shared),
        Arc::clone(&view),
        ask,
    )?;
    let pool = Pool::start(traffic, &snapshot, shared, &tls)
        .map_err(|e| Error::internal("no threads for workers").cause(e))?;
    hand_over.settle();
    let generation = start.managed.as_ref().map_or(0, |m| m.gateway.generation);
    let standing = Standing {
        source: start.source,
        observed: None,
        applied: report_of(
            &snapshot,
            if start.refused.is_none() && start.connected {
                generation
            } else {
                0
            },
        ),
        rejection: None,
    };
    let mut follower = Follower {
        context,
        builder,
        pool: &pool,
        shared: Arc::clone(shared),
        view,
        managed: start.managed,
        files: start.files,
        last_applied: start.last_applied,
        identity,
        acted: standing.applied.generation,
        standing,
        snapshot: Arc::clone(&snapshot),
        desired: start.desired,
        connected: start.connected,
        listen: listen.clone(),
        epoch: None,
        seq: 0,
        reloads: context.reload_count(),
        quiet_until: None,
        poll_wait: options.poll_wait,
    };
    follower.begin(start.refused, generation);
    let mut supervisor = Supervisor::new(options.notify_file.clone());
    shared.set_ready(true);
    supervisor.ready(&snapshot);
    context.event(&listening(&listen, &admin_listen, &snapshot));
    follower.run(&requests, &mut supervisor);
    shared.set_ready(false);
    supervisor.stopping();
    follower.report(true);
    let served_from = follower.applied_at();
    drop(follower);
    pool.stop(options.drain);
    drop(administration);
    let served = shared.served();
    let value = json!({ "listen": listen, "requests": served, "applied_at": served_from });
    let view = Shown::Message(format!("stopped after {served} requests"));
    Ok(Output::new("kt.gateway.run/1", value, view).name_path("/listen"))
}

fn listening(listen: &str, admin: &str, snapshot: &Snapshot) -> Event {
    let pack = &snapshot.document.pack;
    Event {
        event: "listening".to_owned(),
        message: format!(
            "serving {}@{} on http://{listen} (health and metrics on http://{admin})",
            pack.name, pack.version
        ),
        data: json!({
            "listen": listen,
            "admin_listen": admin,
            "version": snapshot.version,
            "sha256": snapshot.sha256,
        }),
    }
}
