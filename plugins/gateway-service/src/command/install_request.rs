//! Builds the request to install a service, from the arguments or from the installed
//! service.

use super::session::Session;
use crate::args::GatewayInstallArgs;
use crate::context::ServiceContext;
use crate::operation::install::InstallRequest;
use crate::operation::overwrite::OverwritePolicy;
use crate::record::{Record, SandboxMode};
use crate::spec::{self, SpecOptions, credentials, requested_executable, runtime_dir};
use jiff::Timestamp;
use kt_control_api::{connect, resolve_gateway};
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceSpec;
use std::path::PathBuf;

/// Builds the request, with notes for the user.
pub(super) fn install_request(
    session: &Session<'_, '_>,
    args: &GatewayInstallArgs,
    service: &ServiceContext<'_>,
    previous: Option<&Record>,
) -> Result<(InstallRequest, Vec<String>), Error> {
    let refresh = args.refresh;
    let (mut record, notes) = match previous.filter(|_| refresh) {
        Some(previous) => (
            refreshed_record(session, args, service, previous)?,
            Vec::new(),
        ),
        None => requested_record(session, args, service)?,
    };
    if let Some(option) = args.sandbox {
        record.sandbox = SandboxMode::from(option);
    }
    let request = InstallRequest {
        record,
        start: !args.no_start,
        // `--refresh` does not change when the service starts.
        boot: !args.no_linger && !refresh,
        refresh,
        overwrite: OverwritePolicy {
            force: args.force,
            adopt: args.adopt,
            take_over: args.take_over,
        },
        timeout: args.timeout,
    };
    Ok((request, notes))
}

/// Builds the record from the arguments.
fn requested_record(
    session: &Session<'_, '_>,
    args: &GatewayInstallArgs,
    service: &ServiceContext<'_>,
) -> Result<(Record, Vec<String>), Error> {
    let invocation = session.invocation;
    let client = connect(invocation, session.context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let id = gateway.id.to_string();
    let executable = requested_executable(args.executable.as_deref(), invocation, &session.env)?;
    let options = spec_options(args, &id, executable);
    let spec = spec::build(invocation, service, &session.name, &options)?;
    let mut notes = check_environment_file(session, service, &spec)?;
    if let Some(desired) = &gateway.desired {
        let content = client.config_content(&id, desired.version)?;
        notes.extend(check_credentials(session, service, &spec, &content)?);
    }
    let record = build_record(session, service, spec, &options, gateway.name);
    Ok((record, notes))
}

/// Builds the record of the installed service as this kt would write it.
pub(super) fn refreshed_record(
    session: &Session<'_, '_>,
    args: &GatewayInstallArgs,
    service: &ServiceContext<'_>,
    previous: &Record,
) -> Result<Record, Error> {
    let invocation = session.invocation;
    let installed = previous.spec.exec.first().map(PathBuf::from);
    let executable = match (&args.executable, installed) {
        // It may be a symbolic link that an upgrade has changed, which is intended.
        (None, Some(kt)) if kt.exists() => kt,
        _ => requested_executable(args.executable.as_deref(), invocation, &session.env)?,
    };
    let options = SpecOptions {
        gateway_id: previous.gateway_id.clone(),
        listen: previous.listen.clone(),
        admin_listen: previous.admin_listen.clone(),
        allow_remote: previous.allow_remote || args.allow_remote_plaintext,
        executable,
    };
    let mut spec = spec::build(invocation, service, &session.name, &options)?;
    // The environment of the service is that of the shell that installed it.
    spec.environment.clone_from(&previous.spec.environment);
    spec.environment_file
        .clone_from(&previous.spec.environment_file);
    if !previous.spec.read_write_paths.is_empty() {
        spec.read_write_paths
            .clone_from(&previous.spec.read_write_paths);
    }
    let name = previous.gateway_name.clone();
    Ok(Record {
        sandbox: previous.sandbox,
        ..build_record(session, service, spec, &options, name)
    })
}

/// Returns the options of the specification of gateway `id` from the arguments.
pub(super) fn spec_options(
    args: &GatewayInstallArgs,
    id: &str,
    executable: PathBuf,
) -> SpecOptions {
    SpecOptions {
        gateway_id: id.to_owned(),
        listen: args.listen.clone(),
        admin_listen: args.admin_listen.clone(),
        allow_remote: args.allow_remote_plaintext,
        executable,
    }
}

fn build_record(
    session: &Session<'_, '_>,
    service: &ServiceContext<'_>,
    spec: ServiceSpec,
    options: &SpecOptions,
    gateway_name: String,
) -> Record {
    let runtime_dir = runtime_dir(&service.dirs, &service.system_info);
    Record {
        gateway_id: options.gateway_id.clone(),
        gateway_name,
        kt_version: session.invocation.host_version.clone(),
        listen: options.listen.clone(),
        admin_listen: options.admin_listen.clone(),
        allow_remote: options.allow_remote,
        installed_at: Timestamp::now().to_string(),
        ..Record::new(&service.description.name, spec, runtime_dir)
    }
}

/// Checks the environment file. Returns a note if the service will not have a token.
fn check_environment_file(
    session: &Session<'_, '_>,
    service: &ServiceContext<'_>,
    spec: &ServiceSpec,
) -> Result<Vec<String>, Error> {
    let Some(file) = &spec.environment_file else {
        return Ok(Vec::new());
    };
    let exists = spec::check_permissions(service.runner, file, service.system_info.uid)?;
    let supported = service.description.capabilities.environment_file;
    let token = session.invocation.setting("api.token").is_some();
    let file = file.display();
    let note = match (exists, supported) {
        (true, false) => Some(format!(
            "`{}` does not read `{file}`",
            service.description.name
        )),
        (false, true) if token => Some(format!(
            "the token of this shell is not passed on; add KEEPTRUSTS_GATEWAY_TOKEN to `{file}`, mode 0600"
        )),
        _ => None,
    };
    Ok(note.into_iter().collect())
}

/// Checks that the service will have the credentials of its configuration.
fn check_credentials(
    session: &Session<'_, '_>,
    service: &ServiceContext<'_>,
    spec: &ServiceSpec,
    content: &str,
) -> Result<Option<String>, Error> {
    let Some(file) = &spec.environment_file else {
        return Ok(None);
    };
    let supported = service.description.capabilities.environment_file;
    let bytes = service
        .runner
        .read(file)
        .ok()
        .flatten()
        .filter(|_| supported);
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let is_set = |name: &str| session.env.set.contains(name);
    let missing = credentials::find_missing(content, &text, &is_set);
    missing.refuse(file)?;
    Ok(missing.note(file))
}
