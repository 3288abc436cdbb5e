//! Which configuration a gateway starts with.

use super::options::Options;
use crate::control::{Files, LastApplied, Managed, Stored, change, find_by_name};
use crate::snapshot::{BuildError, Builder, Input, Snapshot};
use kt_control_api::{
    Client, ConfigSource, DesiredVersion, DriftPolicy, Gateway, ProblemCode, SyncState,
    resolve_gateway,
};
use kt_plugin_api::{Class, Context, Error, Invocation};
use kt_policy::Source as Text;
use std::path::PathBuf;
use std::time::Duration;

/// A control plane that takes longer to name the gateway counts as away.
const LOOK_UP: Duration = Duration::from_secs(10);

/// What the start found.
pub(crate) struct Start<'a> {
    pub(crate) managed: Option<Managed<'a>>,
    pub(crate) files: Option<Files<'a>>,
    pub(crate) last_applied: LastApplied,
    pub(crate) dir: PathBuf,
    /// Names socket and folder: the gateway's id, or `local`.
    pub(crate) key: String,
    pub(crate) snapshot: Snapshot,
    pub(crate) source: ConfigSource,
    pub(crate) desired: Option<DesiredVersion>,
    /// Why what is desired does not serve.
    pub(crate) refused: Option<(BuildError, Option<u64>)>,
    pub(crate) connected: bool,
}

/// Finds the configuration to start with.
///
/// # Errors
/// When there is none that can serve.
pub(crate) fn start<'a>(
    invocation: &'a Invocation,
    context: &'a Context<'a>,
    options: &Options,
    builder: &Builder<'_>,
) -> Result<Start<'a>, Error> {
    let names = options.files.clone();
    let files = (!names.is_empty()).then_some(Files { invocation, names });
    match &options.gateway {
        Some(wanted) => managed(invocation, context, wanted, files, builder),
        None => local(invocation, files, builder),
    }
}

fn local<'a>(
    invocation: &'a Invocation,
    files: Option<Files<'a>>,
    builder: &Builder<'_>,
) -> Result<Start<'a>, Error> {
    let input = files
        .as_ref()
        .map_or_else(|| Err(Error::internal("no files")), Files::read)?;
    let snapshot = builder.build(&input).map_err(BuildError::into_error)?;
    let dir = invocation.dirs.state.join("gateway").join("local");
    Ok(Start {
        managed: None,
        files,
        last_applied: LastApplied::new(dir.clone()),
        dir,
        key: "local".to_owned(),
        snapshot,
        source: ConfigSource::File,
        desired: None,
        refused: None,
        connected: false,
    })
}

fn managed<'a>(
    invocation: &'a Invocation,
    context: &'a Context<'a>,
    wanted: &str,
    files: Option<Files<'a>>,
    builder: &Builder<'_>,
) -> Result<Start<'a>, Error> {
    let root = invocation.dirs.state.join("gateway");
    let transport = Managed::open(invocation, context)?;
    let client = Client::new(transport.within(&context.with_timeout(LOOK_UP)));
    let gateway = match resolve_gateway(&client, Some(wanted)) {
        Ok(gateway) => gateway,
        Err(error) if is_away(&error) => {
            let Some(stored) = find_by_name(&root, wanted) else {
                return Err(error.hint(
                    "no configuration was applied here before, so there is nothing to start from",
                ));
            };
            tracing::warn!(
                "the control plane is away: starting from what was applied last ({error})"
            );
            let dir = root.join(&stored.gateway);
            let gateway = remembered(&stored)?;
            let managed = Managed::new(transport, context, gateway);
            return from_disk(managed, files, dir, &stored, builder);
        }
        Err(error) => return Err(error),
    };
    let dir = root.join(gateway.id.as_str());
    let managed = Managed::new(transport, context, gateway);
    from_control_plane(managed, files, dir, builder)
}

/// Whether an error says something of the control plane and nothing of the
/// gateway: what was applied last is better than no service then.
fn is_away(error: &Error) -> bool {
    let fails = |slug: &&ProblemCode| slug.status() >= 500 && slug.as_str() == error.id;
    error.class == Class::Unavailable || ProblemCode::ALL.iter().any(|slug| fails(&slug))
}

fn from_control_plane<'a>(
    mut managed: Managed<'a>,
    files: Option<Files<'a>>,
    dir: PathBuf,
    builder: &Builder<'_>,
) -> Result<Start<'a>, Error> {
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
            "`kt gateway reload --id {name} --file policy-config.yaml` gives it one"
        )));
    };
    let input = change::fetch(&managed, desired.version)?;
    let mut last_applied = LastApplied::new(dir.clone());
    let (snapshot, source, refused) = match builder.build(&input) {
        Ok(snapshot) => (snapshot, ConfigSource::ControlPlane, None),
        Err(error) => {
            let Some(stored) = last_applied.read() else {
                return Err(error.into_error());
            };
            let snapshot = builder
                .build(&input_of(&stored))
                .map_err(BuildError::into_error)?;
            (
                snapshot,
                ConfigSource::LastApplied,
                Some((error, Some(desired.version))),
            )
        }
    };
    let key = managed.gateway.id.to_string();
    Ok(Start {
        managed: Some(managed),
        files,
        last_applied,
        dir,
        key,
        snapshot,
        source,
        desired: Some(desired),
        refused,
        connected: true,
    })
}

fn publish(managed: &Managed<'_>, files: &Files<'_>) -> Result<Gateway, Error> {
    let input = files.read()?;
    let document = kt_policy::parse(&input.sources).map_err(|p| kt_policy_file::invalid(&p))?;
    Ok(change::publish(managed, files, &input, &document)?.gateway)
}

fn from_disk<'a>(
    managed: Managed<'a>,
    files: Option<Files<'a>>,
    dir: PathBuf,
    stored: &Stored,
    builder: &Builder<'_>,
) -> Result<Start<'a>, Error> {
    let snapshot = builder
        .build(&input_of(stored))
        .map_err(BuildError::into_error)?;
    let mut last_applied = LastApplied::new(dir.clone());
    // Notes how the file looks; its content is known.
    drop(last_applied.read());
    Ok(Start {
        managed: Some(managed),
        files,
        last_applied,
        dir,
        key: stored.gateway.clone(),
        snapshot,
        source: ConfigSource::LastApplied,
        desired: None,
        refused: None,
        connected: false,
    })
}

fn input_of(stored: &Stored) -> Input {
    Input {
        version: stored.version,
        sources: vec![Text::new(stored.source.clone(), stored.content.clone())],
    }
}

/// As much of a gateway as is known without its control plane.
fn remembered(stored: &Stored) -> Result<Gateway, Error> {
    let id = stored.gateway.parse().map_err(|e| {
        Error::new(
            Class::Settings,
            "bad-last-applied",
            "the last applied configuration is damaged",
        )
        .cause(e)
    })?;
    let now = jiff::Timestamp::now();
    Ok(Gateway {
        id,
        name: stored.name.clone(),
        description: String::new(),
        labels: std::collections::BTreeMap::new(),
        created_at: now,
        updated_at: now,
        rev: 0,
        generation: 0,
        last_version: stored.version.unwrap_or(0),
        desired: None,
        drift: DriftPolicy::default(),
        instances: Vec::new(),
        state: SyncState::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::is_away;
    use kt_control_api::{ApiError, Problem, ProblemCode};

    #[test]
    fn what_fails_at_the_control_plane_keeps_no_gateway_from_starting() {
        let away = |slug| is_away(&ApiError::from(Problem::new(slug, "why")).into());
        for slug in [
            ProblemCode::Internal,
            ProblemCode::StorageFailed,
            ProblemCode::StorageTooNew,
            ProblemCode::Draining,
            ProblemCode::Unknown,
        ] {
            assert!(away(slug), "{slug}");
        }
        for slug in [
            ProblemCode::NotFound,
            ProblemCode::Gone,
            ProblemCode::Unauthenticated,
        ] {
            assert!(!away(slug), "{slug}");
        }
    }
}
