//! Loads a plugin, tests its commands, and runs the conformance tests of its interfaces.
//!
//! The tests of an interface are a provider of `kt.plugin-test/1` whose name is the id
//! of the interface; the host knows neither.

use super::child::ChildKt;
use super::{cases, commands, report};
use crate::commands::context::CommandContext;
use crate::commands::plugin_dir::canonical_dir;
use crate::crash::{HangPolicy, SignalPolicy, disable_journal};
use crate::discovery::PluginManifest;
use crate::discovery::{
    DiscoveredPlugin, PluginSource, PluginState, RecordPaths, Registry, ScanOptions, SearchDir,
};
use crate::runtime::{
    CHANGE_GRACE, CallContext, InheritedDescriptors, Providers, SignalState, call_provider,
};
use clap::ArgMatches;
use kt_plugin_api::plugin_test::{
    INTERFACE, TestCase, TestFailure, TestReport, TestRequest, TestResult,
};
use kt_plugin_api::{Class, Error, Invocation, Output};
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The tests of an interface start and stop real services.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

pub(in crate::commands) fn run(
    matches: &ArgMatches,
    context: &CommandContext<'_>,
) -> Result<Output, Error> {
    // A test is not a run: crashes that it finds do not put the plugin into quarantine.
    disable_journal();
    let path = matches.get_one::<PathBuf>("path").cloned();
    let dir = canonical_dir(&context.env.cwd.join(path.unwrap_or_default()))?;
    let parent = dir.parent().unwrap_or(&dir).to_owned();
    let search = with_first(&parent, context.search);
    let cache = &context.providers.cache;
    let registry = Registry::scan(&ScanOptions {
        path: &search,
        cache,
        exe: &context.env.exe,
        allow_shadow: &[],
        records: Arc::new(RecordPaths::of(context.dirs)),
    });
    let manifest = usable(&registry, &dir)?;
    let configured = BTreeMap::new();
    let isolation = context.providers.isolation.clone();
    let providers = Providers::new(
        &registry,
        configured,
        cache,
        context.env,
        (InheritedDescriptors::default(), isolation),
    );
    let context = CommandContext {
        search: &search,
        registry: &registry,
        providers: &providers,
        ..*context
    };
    let interfaces = manifest.provides.iter().map(|p| p.interface.as_str());
    let author_cases = cases::read(&dir, &interfaces.collect())?;
    let variables = context.setting_specs().into_iter().filter_map(|s| s.env);
    let kt = ChildKt::new(context.env, &parent, variables.collect())?;
    let mut checks = vec![load_test(&kt, manifest)?];
    let mut simulated = None;
    if checks.iter().all(|c| c.result == TestResult::Passed) {
        if manifest.has_commands() {
            checks.extend(commands::run(&kt, manifest, &author_cases.commands)?);
        }
        let pretend_os = matches.get_one::<String>("pretend-os").cloned();
        for provided in &manifest.provides {
            let cases = author_cases.interfaces.get(&provided.interface);
            let request = TestRequest {
                provider: provided.name.clone(),
                invocation: invocation(&context, &parent),
                pretend_os: pretend_os.clone(),
                cases: cases.cloned().unwrap_or_default(),
            };
            let report = run_tests(&context, &provided.interface, &request)?;
            checks.extend(report.checks);
            simulated = simulated.or(report.simulated);
        }
    }
    if let Some(file) = matches.get_one::<PathBuf>("junit") {
        report::write_junit(&context.env.cwd.join(file), &manifest.name, &checks)?;
    }
    Ok(report::output(&manifest.name, &checks, simulated))
}

/// Returns the directories with `dir` as the first, unless it is one of them.
fn with_first(dir: &Path, others: &[SearchDir]) -> Vec<SearchDir> {
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let dir_identity = identity(dir);
    if others
        .iter()
        .any(|other| identity(&other.path) == dir_identity)
    {
        return others.to_vec();
    }
    let first = SearchDir {
        path: dir.to_owned(),
        source: PluginSource::Option,
    };
    std::iter::once(first)
        .chain(others.iter().cloned())
        .collect()
}

fn usable<'a>(registry: &'a Registry, dir: &Path) -> Result<&'a PluginManifest, Error> {
    let same = |f: &&DiscoveredPlugin| f.dir.canonicalize().is_ok_and(|canonical| canonical == dir);
    let plugin = registry.all.iter().find(same).ok_or_else(|| {
        let message = format!("`{}` does not contain a plugin", dir.display());
        Error::new(Class::NotFound, "plugin-not-found", message)
            .hint("specify the directory that contains its `plugin.toml`")
    })?;
    match (&plugin.state, &plugin.manifest) {
        (PluginState::Usable, Some(manifest)) => Ok(manifest),
        (PluginState::Refused(error), _) => Err(error.clone()),
        (PluginState::Shadowed(by), _) => Err(Error::new(
            Class::Conflict,
            "plugin-shadowed",
            format!("`{}` has precedence over this copy", by.display()),
        )
        .hint("run `kt plugin list` to see the order")),
        _ => Err(Error::new(
            Class::Plugin,
            "unsupported-platform",
            "the plugin cannot be loaded on this operating system",
        )),
    }
}

/// Loads the plugin in a child.
fn load_test(kt: &ChildKt, manifest: &PluginManifest) -> Result<TestCase, Error> {
    let (id, about) = (
        "load",
        "it can be loaded, and implements the interfaces in its manifest",
    );
    let output = kt.run(&["plugin", "verify", &manifest.name, "-o", "json"])?;
    if output.code() == Some(0) {
        return Ok(TestCase::passed(id, about));
    }
    let rows: serde_json::Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    let reason = rows.pointer("/0/reason").and_then(|r| r.as_str());
    let found = reason.map_or_else(|| output.summary(), str::to_owned);
    let failure = TestFailure::new("load the plugin", "no error", found);
    Ok(TestCase::failed(id, about, failure))
}

fn invocation(context: &CommandContext<'_>, plugin_dir: &Path) -> Invocation {
    Invocation {
        dirs: context.dirs.clone(),
        cwd: context.env.cwd.clone(),
        exe: context.env.exe.clone(),
        plugin_dirs: vec![plugin_dir.to_owned()],
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Invocation::default()
    }
}

fn run_tests(
    context: &CommandContext<'_>,
    interface: &str,
    request: &TestRequest,
) -> Result<TestReport, Error> {
    let mut providers = context.providers.list(INTERFACE).into_iter();
    if !providers.any(|provider| provider.name == interface) {
        let skipped = TestCase::skipped(
            interface,
            format!("its implementation of `{interface}`"),
            format!("no installed plugin has tests for `{interface}`"),
        );
        return Ok(TestReport {
            checks: vec![skipped],
            simulated: None,
        });
    }
    // Services that were started must be stopped.
    let policy = HangPolicy {
        grace: CHANGE_GRACE,
        ends_process: true,
        after_signal: SignalPolicy::EndsIfSilent(CHANGE_GRACE),
    };
    let signals = SignalState::listen(false, policy)
        .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
    let call = CallContext::new(context.providers, context.terminal, Some(signals), 0);
    let response = call_provider(
        &call,
        (INTERFACE, interface),
        "run",
        &json!(request),
        TIMEOUT,
    )?;
    serde_json::from_value(response).map_err(|e| {
        let message = "the results of the tests are malformed";
        Error::new(Class::Plugin, "invalid-response", message).cause(e)
    })
}
