//! The two ways to run a plugin: in this process, and in one of its own.

use super::isolation::IsolationPolicy;
use crate::clock::unix_ms_after;
use crate::crash;
use crate::discovery::DiscoveredPlugin;
use crate::discovery::PluginManifest;
use crate::load::{self, LoadedPlugin, attributed};
use crate::logging;
use crate::process::{LIBRARY_PROCESS, PluginProcess, ProcessCommand};
use kt_plugin_api::Error;
use kt_plugin_api::abi::log;
use kt_plugin_api::manifest::PluginKind;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long the host waits for the plugins at the end of the process.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// A plugin that is loaded.
#[derive(Clone)]
pub(crate) enum Transport {
    /// In this process.
    Library(&'static LoadedPlugin),
    /// In a process of its own.
    Process(Arc<PluginProcess>),
}

impl Transport {
    /// Returns whether the process of the plugin ended during a call; if that is this
    /// process, it has not.
    pub(super) fn has_failed(&self) -> bool {
        match self {
            Self::Library(_) => false,
            Self::Process(process) => process.has_failed(),
        }
    }
}

/// Loads a plugin, or starts its process.
///
/// # Errors
/// Class `plugin`, naming the plugin and its path.
pub(super) fn start(
    (plugin, manifest): (&DiscoveredPlugin, &PluginManifest),
    isolation: &IsolationPolicy,
    cache: &Path,
) -> Result<Transport, Error> {
    let is_program = manifest.kind == PluginKind::Process;
    if !is_program && !isolation.isolates(plugin.source, manifest) {
        let library = load::load(plugin, manifest, cache)?;
        return Ok(Transport::Library(Box::leak(Box::new(library))));
    }
    load::check_process(plugin, manifest, cache)?;
    let limit = isolation.memory_limit()?;
    let bytes = limit.map(|(bytes, _)| bytes);
    let command = if is_program {
        load::program(plugin, manifest, bytes)
    } else {
        library_process((plugin, manifest), bytes, cache)
    };
    let records = Arc::clone(&plugin.records);
    let (name, version) = (manifest.name.clone(), manifest.version.clone());
    let process = PluginProcess::start(ProcessCommand {
        command,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        memory_limit: limit.map(|(_, text)| text.to_owned()),
        on_crash: Box::new(move || {
            crash::record_process_crash(&records.journal, &name, &version);
        }),
        start_timeout: isolation.start_timeout,
    });
    process
        .map(|process| Transport::Process(Arc::new(process)))
        .map_err(|error| attributed(error, manifest, &plugin.library().unwrap_or_default()))
}

/// Returns the command that loads a library in another process of kt.
fn library_process(
    (plugin, manifest): (&DiscoveredPlugin, &PluginManifest),
    memory_limit: Option<u64>,
    cache: &Path,
) -> Command {
    // The running executable, also if its file was replaced.
    let own = std::env::current_exe().unwrap_or_default();
    let program = if cfg!(target_os = "linux") {
        Path::new("/proc/self/exe")
    } else {
        own.as_path()
    };
    let mut command = load::command(program, &manifest.name, memory_limit);
    command.arg(LIBRARY_PROCESS).arg(&plugin.dir).arg(cache);
    command
}

/// Ends plugins, in this order. A library that does not return in time is named, and the
/// others are not called; a process is killed.
pub(crate) fn shut_down(plugins: Vec<(String, Transport)>) {
    let mut libraries = Vec::new();
    let mut processes = Vec::new();
    for (label, transport) in plugins {
        match transport {
            Transport::Library(library) => libraries.push((label, library)),
            Transport::Process(process) => processes.push(process),
        }
    }
    let end = Instant::now() + SHUTDOWN_TIMEOUT;
    processes
        .iter()
        .for_each(|process| process.begin_shutdown());
    if !libraries.is_empty() {
        shut_down_libraries(libraries, end);
    }
    processes
        .iter()
        .for_each(|process| process.finish_shutdown(end));
}

fn shut_down_libraries(libraries: Vec<(String, &'static LoadedPlugin)>, end: Instant) {
    let (names, libraries): (Vec<_>, Vec<_>) = libraries.into_iter().unzip();
    let (sender, done) = mpsc::channel();
    let deadline = unix_ms_after(SHUTDOWN_TIMEOUT);
    let thread = std::thread::Builder::new().spawn(move || {
        crash::set_alternate_stack();
        for library in libraries {
            // SAFETY: every call has returned, and none follows.
            unsafe { library.shut_down(deadline) };
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    if thread.is_err() {
        return;
    }
    for name in names {
        let left = end.saturating_duration_since(Instant::now());
        if done.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            let message = format!("{name} did not shut down in time");
            logging::record(log::WARN, "host", &message, "");
            return;
        }
    }
}
