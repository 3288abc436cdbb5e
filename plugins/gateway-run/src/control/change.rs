//! From what is desired to what is to be built.

use super::local::Files;
use super::managed::Managed;
use crate::snapshot::Input;
use kt_control_api::{ActionResponse, DesiredResponse, PublishRequest};
use kt_plugin_api::{Class, Error};
use kt_policy::{Document, Source};

/// How much has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// Only what differs.
    Difference,
    /// Even if it seems to be applied.
    Anyway,
    /// The source itself is taken again.
    Source,
}

impl Force {
    /// What an answer asks for, when everything up to `acted` was done.
    pub(crate) fn of(answer: &DesiredResponse, acted: u64) -> Self {
        // Something newer that became desired since goes before the reload.
        let newest = answer.reload_generation == answer.index;
        if newest && answer.reload_generation > acted {
            Self::Source
        } else if answer.reconcile_generation > acted {
            Self::Anyway
        } else {
            Self::Difference
        }
    }
}

/// What is to be built, and up to which generation that acts.
pub(crate) struct Work {
    pub(crate) input: Input,
    pub(crate) generation: u64,
}

/// The configuration of an answer.
///
/// # Errors
/// When the control plane cannot give it.
pub(crate) fn desired(
    managed: &Managed<'_>,
    answer: &DesiredResponse,
) -> Result<Option<Work>, Error> {
    let Some(desired) = &answer.desired else {
        return Ok(None);
    };
    let input = fetch(managed, desired.version)?;
    Ok(Some(Work {
        input,
        generation: answer.index,
    }))
}

/// What is desired right now.
///
/// # Errors
/// When the control plane cannot give it, or nothing is desired.
pub(crate) fn current(managed: &Managed<'_>, acted: u64) -> Result<Work, Error> {
    let client = managed.client();
    let id = managed.gateway.id.as_str();
    let gateway = client.gateway(id)?;
    let nothing = || Error::new(Class::NotFound, "no-configuration", "nothing is desired");
    let desired = gateway.desired.ok_or_else(nothing)?;
    let input = fetch(managed, desired.version)?;
    Ok(Work {
        input,
        generation: acted,
    })
}

/// Publishes files that were read, as the next version if they changed.
///
/// # Errors
/// When the control plane does not take them.
pub(crate) fn publish(
    managed: &Managed<'_>,
    files: &Files<'_>,
    input: &Input,
    document: &Document,
) -> Result<ActionResponse, Error> {
    let publish = PublishRequest {
        content: document.text_of(&input.sources),
        source: Some(files.names.join(", ")),
        message: None,
        from_file: true,
    };
    let client = managed.client();
    Ok(client.publish_config(managed.gateway.id.as_str(), &publish, None)?)
}

/// The content of a version, to be built.
///
/// # Errors
/// When the control plane cannot give it.
pub(crate) fn fetch(managed: &Managed<'_>, version: u64) -> Result<Input, Error> {
    let client = managed.client();
    let id = managed.gateway.id.as_str();
    let content = client.config_content(id, version)?;
    let meta = client.config_version(id, version)?;
    let name = meta.source.unwrap_or_else(|| format!("version {version}"));
    Ok(Input {
        version: Some(version),
        sources: vec![Source::new(name, content)],
    })
}

/// The configuration of the files, published as the next version if it changed.
///
/// # Errors
/// When a file cannot be read, or the control plane does not take it; the
/// problems of an invalid file come later, with their places.
pub(crate) fn from_files(
    managed: &Managed<'_>,
    files: &Files<'_>,
    index: u64,
) -> Result<Work, Error> {
    let mut input = files.read()?;
    let Ok(document) = kt_policy::parse(&input.sources) else {
        // It is built next, and refused there.
        return Ok(Work {
            input,
            generation: index,
        });
    };
    let answer = publish(managed, files, &input, &document)?;
    input.version = answer.version.map(|v| v.version);
    Ok(Work {
        input,
        generation: answer.generation.max(index),
    })
}
