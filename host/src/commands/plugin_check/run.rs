//! `kt plugin check`, which is hidden: the checks, in the child.

use super::report::CheckReport;
use crate::commands::context::CommandContext;
use crate::crash::{self, HangPolicy, SignalPolicy};
use crate::discovery::PluginManifest;
use crate::discovery::{DiscoveredPlugin, PluginState};
use crate::load::check_interfaces;
use crate::runtime::{CallContext, SignalState, Transport, call_provider};
use clap::ArgMatches;
use kt_plugin_api::doctor::INTERFACE;
use kt_plugin_api::{Class, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The time limit for the checks of a provider of [`INTERFACE`].
pub(super) const DOCTOR_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a function of the plugin may take.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

pub(in crate::commands) fn run(
    matches: &ArgMatches,
    context: &CommandContext<'_>,
) -> Result<Output, Error> {
    let dir = matches
        .get_one::<PathBuf>("dir")
        .ok_or_else(|| Error::internal("the argument `dir` is missing"))?;
    let policy = HangPolicy {
        grace: LIMIT,
        ends_process: true,
        after_signal: SignalPolicy::EndsAfter(LIMIT),
    };
    let _signals = SignalState::listen(false, policy)
        .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
    crash::limit_all_calls();
    let mut report = CheckReport::default();
    match find(dir, context) {
        Err(error) => report.error = Some(error),
        Ok((plugin, manifest)) => {
            report.error = check(plugin, manifest, context).err();
            if report.error.is_none() && matches.get_flag("doctor") {
                report.doctor = doctor(manifest, context);
            }
        }
    }
    let value = serde_json::to_value(&report)
        .map_err(|e| Error::internal("the report cannot be serialized").cause(e))?;
    Ok(Output::new("kt.plugin.check/1", value, View::Json))
}

fn find<'a>(
    dir: &Path,
    context: &CommandContext<'a>,
) -> Result<(&'a DiscoveredPlugin, &'a PluginManifest), Error> {
    let plugin = context.registry.all.iter().find(|p| p.dir == dir);
    match plugin.map(|plugin| (plugin, &plugin.state, &plugin.manifest)) {
        Some((plugin, PluginState::Usable, Some(manifest))) => Ok((plugin, manifest)),
        Some((_, PluginState::Refused(error), _)) => Err(error.clone()),
        _ => {
            let message = format!("`{}` does not contain a plugin in use", dir.display());
            Err(Error::new(Class::NotFound, "plugin-not-found", message))
        }
    }
}

/// Loads the plugin, and checks that it implements the interfaces in its manifest.
fn check(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    context: &CommandContext<'_>,
) -> Result<(), Error> {
    match context.providers.load(plugin, manifest)? {
        Transport::Library(loaded) => check_interfaces(loaded, manifest),
        // The process of a library has checked it.
        Transport::Process(_) => Ok(()),
    }
}

fn doctor(manifest: &PluginManifest, context: &CommandContext<'_>) -> Vec<Result<Value, Error>> {
    let provided = manifest
        .provides
        .iter()
        .filter(|p| p.interface == INTERFACE);
    provided
        .map(|provided| call(manifest, &provided.name, context))
        .collect()
}

fn call(
    manifest: &PluginManifest,
    provider: &str,
    context: &CommandContext<'_>,
) -> Result<Value, Error> {
    let call = CallContext::new(context.providers, context.terminal, None, 0);
    let layers = context.layers.as_ref().map_err(Clone::clone)?;
    let options = BTreeMap::new();
    let (settings, origins) =
        crate::settings::resolve(&manifest.settings, &options, context.env, layers);
    let invocation = Invocation {
        settings,
        origins,
        profile: layers.profile.as_ref().map(|p| p.name.clone()),
        dirs: context.dirs.clone(),
        cwd: context.env.cwd.clone(),
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Invocation::default()
    };
    let request = json!(invocation);
    call_provider(
        &call,
        (INTERFACE, provider),
        "check",
        &request,
        DOCTOR_TIMEOUT,
    )
}
