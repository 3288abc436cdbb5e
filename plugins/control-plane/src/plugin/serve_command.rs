//! `kt control-plane serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kt_cancellation::Cancellation;
use kt_plugin_api::{Class, Context, Error, Event, Invocation, Output, View};
use serde_json::json;

use super::database::{self, DatabaseOptions};
use super::error;
use crate::args::ControlPlaneServeArgs;
use crate::serve::{
    BackupSchedule, MAX_REQUESTS_PER_SECOND, ServeOptions, ServerInfo, TlsFiles, serve,
};
use crate::validator::PolicyValidator;

/// Shortest interval of backups.
const MIN_BACKUP_INTERVAL: Duration = Duration::from_mins(1);

pub(super) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: ControlPlaneServeArgs = invocation.arguments()?;
    let database = DatabaseOptions {
        url: args.database.as_deref(),
        password_file: args.database_password_file.as_deref(),
    };
    let path = |path: &PathBuf| invocation.resolve_path(path);
    let options = ServeOptions {
        directory: invocation.dirs.state.clone(),
        database: database::address(&database, invocation, context)?,
        listen: listen(&args.listen)?,
        tls: tls(
            args.tls_cert.as_ref().map(path),
            args.tls_key.as_ref().map(path),
        )?,
        admin_token_file: args.admin_token_file.as_ref().map(path),
        max_requests_per_second: max_requests(args.max_requests_per_second)?,
        backups: backups(&args)?,
    };
    let mut address = None;
    let mut started = |server: &ServerInfo| {
        address = Some(server.address);
        context.event(&listening_event(server));
    };
    let stop = Cancellation::of(context);
    serve(&options, Arc::new(PolicyValidator), &mut started, stop)
        .map_err(|error| error::from_serve(&error))?;
    let value = json!({"address": address.map(|address| address.to_string())});
    let view = View::Message("control plane stopped".to_owned());
    Ok(Output::new("kt.control-plane.serve/1", value, view))
}

fn listen(text: &str) -> Result<SocketAddr, Error> {
    text.parse().map_err(|_| {
        let message = format!("`--listen {text}` is not an address");
        Error::new(Class::Usage, "invalid-listen", message)
            .hint("use an address and a port, for example `127.0.0.1:8080`")
    })
}

fn max_requests(limit: i64) -> Result<u32, Error> {
    let fits = u32::try_from(limit).ok();
    fits.filter(|n| *n <= MAX_REQUESTS_PER_SECOND)
        .ok_or_else(|| {
            let message = format!("`--max-requests-per-second {limit}` is out of bounds");
            Error::new(Class::Usage, "invalid-limit", message).hint(format!(
                "use a number from 0, which means no limit, to {MAX_REQUESTS_PER_SECOND}"
            ))
        })
}

fn backups(args: &ControlPlaneServeArgs) -> Result<Option<BackupSchedule>, Error> {
    let Some(interval) = args.backup_every else {
        return Ok(None);
    };
    let invalid = |message: &str, hint: &str| {
        Err(Error::new(Class::Usage, "invalid-schedule", message).hint(hint))
    };
    if interval < MIN_BACKUP_INTERVAL {
        return invalid(
            "`--backup-every` is shorter than a minute",
            "use a longer interval, for example `6h`",
        );
    }
    if args.database.is_some() {
        return invalid(
            "`--backup-every` requires a store in a file",
            "back the database up with its own tools, for example `pg_dump`",
        );
    }
    let keep = usize::try_from(args.backup_keep);
    match keep.ok().filter(|keep| *keep > 0) {
        Some(keep) => Ok(Some(BackupSchedule { interval, keep })),
        None => invalid("`--backup-keep` must be above 0", "the default is 14"),
    }
}

fn tls(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<TlsFiles>, Error> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (certificate, _) => {
            let (given, missing) = match certificate {
                Some(_) => ("--tls-cert", "--tls-key"),
                None => ("--tls-key", "--tls-cert"),
            };
            let message = format!("`{given}` requires `{missing}`");
            Err(Error::new(Class::Usage, "tls-incomplete", message)
                .hint("TLS requires a certificate and its key; omit both to serve without TLS"))
        }
    }
}

fn listening_event(server: &ServerInfo) -> Event {
    let token_file = server.admin_token_file.display().to_string();
    let created = server.admin_token_created;
    let token = if created {
        "; the token of the administrator is in "
    } else {
        ""
    };
    let file = if created { token_file.as_str() } else { "" };
    Event {
        event: "listening".to_owned(),
        message: format!("Listening on {}{token}{file}", server.url()),
        data: json!({
            "url": server.url(),
            "socket": server.socket.display().to_string(),
            "admin_token_file": token_file,
            "admin_token_created": created,
        }),
    }
}
