//! `kt control-plane serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kt_plugin_api::{Class, Context, Error, Event, Invocation, Output, View};
use serde_json::json;

use super::{database, failure};
use crate::serve::{
    DEFAULT_PER_SECOND, MOST_PER_SECOND, Schedule, ServeOptions, Started, TlsFiles, serve,
};
use crate::validator::PolicyValidator;

/// Shortest time between two backups.
const SHORTEST: Duration = Duration::from_mins(1);
/// Backups that are kept.
const KEPT: i64 = 14;

pub(super) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let options = ServeOptions {
        directory: invocation.dirs.state.clone(),
        database: database::of(invocation)?,
        listen: listen(invocation.required("listen")?)?,
        tls: tls(invocation)?,
        admin_token_file: invocation
            .args
            .path("admin-token-file")
            .map(|path| invocation.resolve_path(&path)),
        max_requests_per_second: max_requests(invocation)?,
        backups: backups(invocation)?,
    };
    let mut address = None;
    let mut started = |started: &Started| {
        address = Some(started.address);
        context.event(&listening(started));
    };
    serve(&options, Arc::new(PolicyValidator), &mut started, &|| {
        context.cancelled().is_some()
    })
    .map_err(|error| failure::of_server(&error))?;
    let value = json!({"address": address.map(|address| address.to_string())});
    let view = View::Message("The control plane has stopped".to_owned());
    Ok(Output::new("kt.control-plane.serve/1", value, view))
}

fn listen(text: &str) -> Result<SocketAddr, Error> {
    text.parse().map_err(|_| {
        let message = format!("`--listen {text}` is not an address");
        Error::new(Class::Usage, "bad-listen", message).hint("write it as in `127.0.0.1:8080`")
    })
}

fn max_requests(invocation: &Invocation) -> Result<u32, Error> {
    let Some(wanted) = invocation.args.integer("max-requests-per-second") else {
        return Ok(DEFAULT_PER_SECOND);
    };
    let fits = u32::try_from(wanted).ok();
    fits.filter(|n| *n <= MOST_PER_SECOND).ok_or_else(|| {
        let message = format!("`--max-requests-per-second {wanted}` is out of bounds");
        Error::new(Class::Usage, "bad-limit", message).hint(format!(
            "give a number from 0, which is no limit, to {MOST_PER_SECOND}"
        ))
    })
}

fn backups(invocation: &Invocation) -> Result<Option<Schedule>, Error> {
    let Some(every) = invocation.args.duration("backup-every") else {
        return Ok(None);
    };
    let refused = |message: &str, hint: &str| {
        Err(Error::new(Class::Usage, "bad-schedule", message).hint(hint))
    };
    if every < SHORTEST {
        return refused(
            "`--backup-every` is shorter than a minute",
            "give a longer time, as in `6h`",
        );
    }
    if invocation.args.text("database").is_some() {
        return refused(
            "`--backup-every` is for a store in a file",
            "back the database up with its own tools, such as `pg_dump`",
        );
    }
    let keep = invocation.args.integer("backup-keep").unwrap_or(KEPT);
    match usize::try_from(keep).ok().filter(|keep| *keep > 0) {
        Some(keep) => Ok(Some(Schedule { every, keep })),
        None => refused("`--backup-keep` must be above 0", "14 are kept by default"),
    }
}

fn tls(invocation: &Invocation) -> Result<Option<TlsFiles>, Error> {
    let file = |name: &str| {
        let path = invocation.args.path(name)?;
        Some(invocation.resolve_path(&path))
    };
    match (file("tls-cert"), file("tls-key")) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (certificate, _) => {
            let (given, lacking) = match certificate {
                Some(_) => ("--tls-cert", "--tls-key"),
                None => ("--tls-key", "--tls-cert"),
            };
            let message = format!("`{given}` needs `{lacking}` beside it");
            Err(Error::new(Class::Usage, "tls-incomplete", message)
                .hint("TLS needs both, a certificate and its key; without both there is none"))
        }
    }
}

fn listening(started: &Started) -> Event {
    let token_file = started.admin_token_file.display().to_string();
    let created = started.admin_token_created;
    let token = if created {
        "; the administrator's token is in "
    } else {
        ""
    };
    let file = if created { token_file.as_str() } else { "" };
    Event {
        event: "listening".to_owned(),
        message: format!("Listening on {}{token}{file}", started.url()),
        data: json!({
            "url": started.url(),
            "socket": started.socket.display().to_string(),
            "admin_token_file": token_file,
            "admin_token_created": created,
        }),
    }
}
