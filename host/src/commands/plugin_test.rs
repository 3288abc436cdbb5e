//! `kt plugin test`: loads a plugin as any other, and has whoever knows its
//! interfaces test what it does.
//!
//! A tester of an interface is a provider of `kt.plugin-test/1` whose name is
//! the interface's id; the host knows neither.

use super::HostState;
use super::plugin_verify::verify;
use crate::discovery::{Found, Registry, SearchDir, State, Tier};
use crate::services::signals::Requests;
use crate::services::{Call, Inherited, Providers};
use clap::ArgMatches;
use kt_plugin_api::manifest::Manifest;
use kt_plugin_api::{CellFormat, Class, Column, Error, Invocation, Output, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The interface by which plugins test others: method `run`, request
/// `{provider, invocation, pretend_os}`, answer a [`Tested`].
const INTERFACE: &str = "kt.plugin-test/1";

/// What a tester found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tested {
    checks: Vec<Check>,
    /// What stood in for the real thing, such as a model of an operating
    /// system; results then prove nothing about that.
    modelled: Option<String>,
}

/// One check and its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Check {
    /// Stable name: `crash`.
    id: String,
    /// What is checked.
    about: String,
    /// `passed`, `failed` or `skipped`.
    result: String,
    /// Why it failed or was skipped.
    #[serde(default)]
    detail: String,
}

pub(super) fn run(matches: &ArgMatches, state: &HostState<'_>) -> Result<Output, Error> {
    let given = matches.get_one::<PathBuf>("path").cloned();
    let folder = folder(&state.env.cwd.join(given.unwrap_or_default()))?;
    let parent = folder.parent().unwrap_or(&folder).to_owned();
    let search = with_first(&parent, state.search);
    let cache = &state.providers.cache;
    let registry = Registry::scan(&search, cache, &[]);
    let (found, manifest) = usable(&registry, &folder)?;
    let chosen = BTreeMap::new();
    let providers = Providers::new(&registry, chosen, cache, state.env, Inherited::default());
    let state = HostState {
        search: &search,
        registry: &registry,
        providers: &providers,
        ..*state
    };
    let mut checks = vec![loads(found, manifest, &state)];
    let mut modelled = None;
    if checks.iter().all(|c| c.result == "passed") {
        let wanted = matches.get_one::<String>("pretend-os").cloned();
        for provided in &manifest.provides {
            let ids = (provided.interface.as_str(), provided.name.as_str());
            let tested = ask(&state, ids, &parent, wanted.as_deref())?;
            checks.extend(tested.checks);
            modelled = modelled.or(tested.modelled);
        }
    }
    Ok(output(&manifest.name, &checks, modelled))
}

fn folder(path: &Path) -> Result<PathBuf, Error> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    folder.canonicalize().map_err(|e| {
        let message = format!("there is no plugin at `{}`", path.display());
        Error::new(Class::NotFound, "plugin-not-found", message)
            .cause(e)
            .hint("name the folder that holds its `plugin.toml`")
    })
}

/// `dir` before every other directory, unless it is one of them.
fn with_first(dir: &Path, others: &[SearchDir]) -> Vec<SearchDir> {
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let own = identity(dir);
    if others.iter().any(|other| identity(&other.path) == own) {
        return others.to_vec();
    }
    let first = SearchDir {
        path: dir.to_owned(),
        tier: Tier::Option,
    };
    std::iter::once(first)
        .chain(others.iter().cloned())
        .collect()
}

fn usable<'a>(registry: &'a Registry, folder: &Path) -> Result<(&'a Found, &'a Manifest), Error> {
    let same = |f: &&Found| f.dir.canonicalize().is_ok_and(|dir| dir == folder);
    let found = registry.all.iter().find(same).ok_or_else(|| {
        let message = format!("there is no plugin at `{}`", folder.display());
        Error::new(Class::NotFound, "plugin-not-found", message)
            .hint("name the folder that holds its `plugin.toml`")
    })?;
    match (&found.state, &found.manifest) {
        (State::Ok, Some(manifest)) => Ok((found, manifest)),
        (State::Refused(error), _) => Err(error.clone()),
        (State::Shadowed(by), _) => Err(Error::new(
            Class::Conflict,
            "plugin-shadowed",
            format!("`{}` comes before this copy", by.display()),
        )
        .hint("`kt plugin list` shows the order")),
        _ => Err(Error::new(
            Class::Plugin,
            "other-platform",
            "the plugin cannot be loaded on this operating system",
        )),
    }
}

fn loads(found: &Found, manifest: &Manifest, state: &HostState<'_>) -> Check {
    let outcome = verify(found, manifest, state);
    Check {
        id: "load".to_owned(),
        about: "it loads, and has every interface that its manifest promises".to_owned(),
        result: if outcome.is_ok() { "passed" } else { "failed" }.to_owned(),
        detail: outcome.err().map(|e| e.to_string()).unwrap_or_default(),
    }
}

fn ask(
    state: &HostState<'_>,
    (interface, provider): (&str, &str),
    plugin_dir: &Path,
    pretend_os: Option<&str>,
) -> Result<Tested, Error> {
    let mut testers = state.providers.list(INTERFACE).into_iter();
    if !testers.any(|tester| tester.name == interface) {
        let skipped = Check {
            id: interface.to_owned(),
            about: format!("what its `{interface}` does"),
            result: "skipped".to_owned(),
            detail: format!("no installed plugin tests `{interface}`"),
        };
        return Ok(Tested {
            checks: vec![skipped],
            modelled: None,
        });
    }
    let requests = Requests::listen(false)
        .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
    let call = Call {
        requests: Some(requests),
        deadline: 0,
        providers: state.providers,
        streams: state.terminal,
        answer: Mutex::default(),
    };
    let invocation = Invocation {
        dirs: state.dirs.clone(),
        cwd: state.env.cwd.clone(),
        exe: state.env.exe.clone(),
        plugin_dirs: vec![plugin_dir.to_owned()],
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Invocation::default()
    };
    let request = json!({
        "provider": provider,
        "invocation": invocation,
        "pretend_os": pretend_os,
    });
    let answer: Value = call.ask_provider(INTERFACE, interface, "run", &request)?;
    serde_json::from_value(answer).map_err(|e| {
        Error::new(
            Class::Plugin,
            "invalid-response",
            "its checks cannot be read",
        )
        .cause(e)
    })
}

fn output(plugin: &str, checks: &[Check], modelled: Option<String>) -> Output {
    let count = |result: &str| checks.iter().filter(|c| c.result == result).count();
    let (passed, failed, skipped) = (count("passed"), count("failed"), count("skipped"));
    let value = json!({
        "plugin": plugin,
        "checks": checks,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "modelled": modelled,
    });
    let view = View::Table {
        rows: "/checks".to_owned(),
        columns: vec![
            Column::new("CHECK", "/id"),
            Column::new("RESULT", "/result").format(CellFormat::State),
            Column::new("ABOUT", "/about"),
            Column::new("DETAIL", "/detail"),
        ],
        empty: String::new(),
    };
    let mut output = Output::new("kt.plugin.test/1", value, view).name_path("/plugin");
    output.notes.push(format!(
        "{passed} passed, {failed} failed, {skipped} skipped"
    ));
    output
        .notes
        .extend(modelled.map(|what| format!("against a model: {what}")));
    if failed > 0 {
        output.outcome(Class::Negative.name())
    } else {
        output
    }
}
