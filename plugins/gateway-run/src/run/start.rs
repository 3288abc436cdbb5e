//! Determines the configuration that a gateway starts with.

use super::options::Options;
use crate::control::{
    self, ConfigFiles, ConfigOrigin, LastApplied, ManagedGateway, StoredConfig, find_by_name,
};
use crate::snapshot::{BuildError, Builder, ConfigInput, Snapshot};
use kt_control_api::{Client, ConfigSource, DesiredVersion, Gateway, ProblemCode, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation};
use kt_policy::Source as SourceText;
use std::path::PathBuf;
use std::time::Duration;

/// The time limit to look up the gateway; after it the control plane counts as
/// unreachable.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// The configuration and state to start with.
pub(crate) struct StartConfig<'a> {
    pub(crate) origin: ConfigOrigin<'a>,
    pub(crate) last_applied: LastApplied,
    pub(crate) state_dir: PathBuf,
    /// The name of socket and state directory: the id of the gateway, or `local`.
    pub(crate) key: String,
    pub(crate) snapshot: Snapshot,
    pub(crate) source: ConfigSource,
    pub(crate) desired: Option<DesiredVersion>,
    /// Why the desired configuration is not active, and its version.
    pub(crate) rejected: Option<(BuildError, Option<u64>)>,
    pub(crate) connected: bool,
}

/// Loads the configuration to start with.
///
/// # Errors
/// When there is none that can be activated.
pub(crate) fn load<'a>(
    invocation: &'a Invocation,
    context: &'a Context<'a>,
    options: &Options,
    builder: &Builder<'_>,
) -> Result<StartConfig<'a>, Error> {
    let paths = options.files.clone();
    let files = (!paths.is_empty()).then_some(ConfigFiles {
        invocation,
        context,
        paths,
    });
    match &options.gateway {
        Some(gateway) => managed(invocation, context, gateway, files, builder),
        None => local(invocation, files, builder),
    }
}

fn local<'a>(
    invocation: &'a Invocation,
    files: Option<ConfigFiles<'a>>,
    builder: &Builder<'_>,
) -> Result<StartConfig<'a>, Error> {
    let input = files
        .as_ref()
        .map_or_else(|| Err(Error::internal("no files")), ConfigFiles::read)?;
    let snapshot = builder.build(&input).map_err(BuildError::into_error)?;
    let state_dir = invocation.dirs.state.join("gateway").join("local");
    Ok(StartConfig {
        origin: ConfigOrigin {
            managed: None,
            files,
        },
        last_applied: LastApplied::new(state_dir.clone()),
        state_dir,
        key: "local".to_owned(),
        snapshot,
        source: ConfigSource::File,
        desired: None,
        rejected: None,
        connected: false,
    })
}

fn managed<'a>(
    invocation: &'a Invocation,
    context: &'a Context<'a>,
    name: &str,
    files: Option<ConfigFiles<'a>>,
    builder: &Builder<'_>,
) -> Result<StartConfig<'a>, Error> {
    let root = invocation.dirs.state.join("gateway");
    let transport = ManagedGateway::open(invocation, context)?;
    let client = Client::new(transport.within(&context.with_timeout(LOOKUP_TIMEOUT)));
    let gateway = match resolve_gateway(&client, Some(name)) {
        Ok(gateway) => gateway,
        Err(error) if is_unavailable(&error) => {
            let Some(stored) = find_by_name(&root, name) else {
                return Err(error.hint(
                    "no configuration was applied on this machine before, so there is none to fall back to",
                ));
            };
            tracing::warn!(
                "the control plane is unreachable: starting with the last applied configuration ({error})"
            );
            let state_dir = root.join(&stored.gateway);
            let gateway = stored_gateway(&stored)?;
            let managed = ManagedGateway::new(transport, context, gateway);
            return from_disk(managed, files, state_dir, &stored, builder);
        }
        Err(error) => return Err(error),
    };
    let state_dir = root.join(gateway.id.as_str());
    let managed = ManagedGateway::new(transport, context, gateway);
    from_control_plane(managed, files, state_dir, builder)
}

/// Whether an error concerns the control plane and not the gateway: the last
/// applied configuration is then better than no service.
fn is_unavailable(error: &Error) -> bool {
    let server_error = |code: &&ProblemCode| code.status() >= 500 && code.as_str() == error.id;
    error.class == Class::Unavailable || ProblemCode::ALL.iter().any(|code| server_error(&code))
}

fn from_control_plane<'a>(
    mut managed: ManagedGateway<'a>,
    files: Option<ConfigFiles<'a>>,
    state_dir: PathBuf,
    builder: &Builder<'_>,
) -> Result<StartConfig<'a>, Error> {
    if let Some(files) = &files {
        managed.gateway = publish(&managed, files)?;
    }
    let Some(desired) = managed.gateway.desired.clone() else {
        let name = &managed.gateway.name;
        return Err(Error::new(
            Class::NotFound,
            "no-configuration",
            format!("gateway `{name}` has no configuration yet"),
        )
        .hint(format!(
            "publish one with `kt gateway reload {name} --file policy-config.yaml`"
        )));
    };
    let input = control::fetch(&managed, desired.version)?;
    let mut last_applied = LastApplied::new(state_dir.clone());
    let (snapshot, source, rejected) = match builder.build(&input) {
        Ok(snapshot) => (snapshot, ConfigSource::ControlPlane, None),
        Err(error) => {
            let Some(stored) = last_applied.read() else {
                return Err(error.into_error());
            };
            let snapshot = builder
                .build(&stored_input(&stored))
                .map_err(BuildError::into_error)?;
            (
                snapshot,
                ConfigSource::LastApplied,
                Some((error, Some(desired.version))),
            )
        }
    };
    let key = managed.gateway.id.to_string();
    Ok(StartConfig {
        origin: ConfigOrigin {
            managed: Some(managed),
            files,
        },
        last_applied,
        state_dir,
        key,
        snapshot,
        source,
        desired: Some(desired),
        rejected,
        connected: true,
    })
}

fn publish(managed: &ManagedGateway<'_>, files: &ConfigFiles<'_>) -> Result<Gateway, Error> {
    let input = files.read()?;
    let document =
        kt_policy::parse(&input.sources).map_err(|p| kt_policy_file::invalid_configuration(&p))?;
    Ok(control::publish(managed, files, &input, &document)?.gateway)
}

fn from_disk<'a>(
    managed: ManagedGateway<'a>,
    files: Option<ConfigFiles<'a>>,
    state_dir: PathBuf,
    stored: &StoredConfig,
    builder: &Builder<'_>,
) -> Result<StartConfig<'a>, Error> {
    let snapshot = builder
        .build(&stored_input(stored))
        .map_err(BuildError::into_error)?;
    let mut last_applied = LastApplied::new(state_dir.clone());
    // Records the fingerprint of the file; its content is known.
    drop(last_applied.read());
    Ok(StartConfig {
        origin: ConfigOrigin {
            managed: Some(managed),
            files,
        },
        last_applied,
        state_dir,
        key: stored.gateway.clone(),
        snapshot,
        source: ConfigSource::LastApplied,
        desired: None,
        rejected: None,
        connected: false,
    })
}

fn stored_input(stored: &StoredConfig) -> ConfigInput {
    ConfigInput {
        version: stored.version,
        sources: vec![SourceText::new(
            stored.source.clone(),
            stored.content.clone(),
        )],
    }
}

/// Returns what is known of a gateway without its control plane.
fn stored_gateway(stored: &StoredConfig) -> Result<Gateway, Error> {
    let id = stored.gateway.parse().map_err(|e| {
        Error::new(
            Class::Settings,
            "invalid-last-applied",
            "the last applied configuration is damaged",
        )
        .cause(e)
    })?;
    let last_version = stored.version.unwrap_or(0);
    Ok(Gateway::unavailable(id, stored.name.clone(), last_version))
}

#[cfg(test)]
mod tests {
    use super::is_unavailable;
    use kt_control_api::{ApiError, Problem, ProblemCode};

    #[test]
    fn server_errors_of_the_control_plane_do_not_prevent_a_start() {
        let unavailable =
            |code| is_unavailable(&ApiError::from(Problem::new(code, "detail")).into());
        for code in [
            ProblemCode::Internal,
            ProblemCode::StorageFailed,
            ProblemCode::StorageTooNew,
            ProblemCode::Draining,
            ProblemCode::Unknown,
        ] {
            assert!(unavailable(code), "{code}");
        }
        for code in [
            ProblemCode::NotFound,
            ProblemCode::Gone,
            ProblemCode::Unauthenticated,
        ] {
            assert!(!unavailable(code), "{code}");
        }
    }
}
