//! Where configurations come from, and loading them from there.

use super::config_files::ConfigFiles;
use super::managed_gateway::ManagedGateway;
use crate::snapshot::ConfigInput;
use kt_control_api::{ActionResponse, DesiredResponse, Gateway, PublishRequest};
use kt_plugin_api::{Class, Error};
use kt_policy::{Document, Source};

/// How a desired configuration is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApplyMode {
    /// Only if it differs from the active one.
    IfChanged,
    /// Even if it is the active one.
    Always,
    /// The source itself is read again.
    Reload,
}

impl ApplyMode {
    /// Returns the mode that a response asks for, when everything up to
    /// generation `handled` was handled.
    pub(super) fn of(response: &DesiredResponse, handled: u64) -> Self {
        // A version that became desired after the reload takes precedence over it.
        let newest = response.reload_generation == response.index;
        if newest && response.reload_generation > handled {
            Self::Reload
        } else if response.reconcile_generation > handled {
            Self::Always
        } else {
            Self::IfChanged
        }
    }
}

/// A configuration to be applied, and the generation that this acknowledges.
pub(super) struct PendingConfig {
    pub(super) input: ConfigInput,
    pub(super) generation: u64,
}

/// Where the configuration of a gateway comes from: a control plane, files, or
/// files that are published to a control plane.
pub(crate) struct ConfigOrigin<'a> {
    pub(crate) managed: Option<ManagedGateway<'a>>,
    pub(crate) files: Option<ConfigFiles<'a>>,
}

impl ConfigOrigin<'_> {
    /// The gateway that stored configurations belong to.
    pub(super) fn owner(&self) -> Option<&Gateway> {
        self.managed.as_ref().map(|managed| &managed.gateway)
    }

    /// Loads the configuration of a response; `None` when none is desired.
    ///
    /// # Errors
    /// When it cannot be fetched or read.
    pub(super) fn load(
        &self,
        response: &DesiredResponse,
        mode: ApplyMode,
    ) -> Result<Option<PendingConfig>, Error> {
        match (mode, &self.managed, &self.files) {
            (ApplyMode::Reload, Some(managed), Some(files)) => {
                from_files(managed, files, response.index).map(Some)
            }
            (_, Some(managed), _) => desired(managed, response),
            _ => Ok(None),
        }
    }

    /// Reads the source again. `active` is the active configuration, which is
    /// built again, with its secrets, where there is no other source, or while
    /// the control plane is unreachable.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(super) fn reload(&self, active: ConfigInput, handled: u64) -> Result<PendingConfig, Error> {
        match (&self.managed, &self.files) {
            (Some(managed), Some(files)) => from_files(managed, files, handled),
            (None, Some(files)) => files.read().map(|input| PendingConfig {
                input,
                generation: 0,
            }),
            (Some(managed), None) => match current(managed, handled) {
                // A local override, which has no version, is not a source.
                Err(error) if error.class == Class::Unavailable && active.version.is_some() => {
                    Ok(PendingConfig {
                        input: active,
                        generation: handled,
                    })
                }
                result => result,
            },
            (None, None) => Ok(PendingConfig {
                input: active,
                generation: handled,
            }),
        }
    }
}

fn desired(
    managed: &ManagedGateway<'_>,
    response: &DesiredResponse,
) -> Result<Option<PendingConfig>, Error> {
    let Some(desired) = &response.desired else {
        return Ok(None);
    };
    Ok(Some(PendingConfig {
        input: fetch(managed, desired.version)?,
        generation: response.index,
    }))
}

fn current(managed: &ManagedGateway<'_>, handled: u64) -> Result<PendingConfig, Error> {
    let gateway = managed.client().gateway(managed.gateway.id.as_str())?;
    let no_configuration = || {
        Error::new(
            Class::NotFound,
            "no-configuration",
            "the gateway has no desired configuration",
        )
    };
    let desired = gateway.desired.ok_or_else(no_configuration)?;
    Ok(PendingConfig {
        input: fetch(managed, desired.version)?,
        generation: handled,
    })
}

/// Publishes the configuration in the files as the next version, if it changed.
fn from_files(
    managed: &ManagedGateway<'_>,
    files: &ConfigFiles<'_>,
    index: u64,
) -> Result<PendingConfig, Error> {
    let mut input = files.read()?;
    let Ok(document) = kt_policy::parse(&input.sources) else {
        // The build reports the problems, with their locations.
        return Ok(PendingConfig {
            input,
            generation: index,
        });
    };
    let response = publish(managed, files, &input, &document)?;
    input.version = response.version.map(|v| v.version);
    Ok(PendingConfig {
        input,
        generation: response.generation.max(index),
    })
}

/// Publishes a configuration that was read from files, as the next version if it
/// changed.
///
/// # Errors
/// When the control plane refuses it.
pub(crate) fn publish(
    managed: &ManagedGateway<'_>,
    files: &ConfigFiles<'_>,
    input: &ConfigInput,
    document: &Document,
) -> Result<ActionResponse, Error> {
    let request = PublishRequest {
        content: document.content(&input.sources),
        source: Some(kt_policy_file::names(&files.paths).join(", ")),
        message: None,
        from_file: true,
    };
    let client = managed.client();
    Ok(client.publish_config(managed.gateway.id.as_str(), &request, None)?)
}

/// Fetches the content of a version.
///
/// # Errors
/// When the control plane does not return it.
pub(crate) fn fetch(managed: &ManagedGateway<'_>, version: u64) -> Result<ConfigInput, Error> {
    let client = managed.client();
    let id = managed.gateway.id.as_str();
    let content = client.config_content(id, version)?;
    let metadata = client.config_version(id, version)?;
    let name = metadata
        .source
        .unwrap_or_else(|| format!("version {version}"));
    Ok(ConfigInput {
        version: Some(version),
        sources: vec![Source::new(name, content)],
    })
}
