//! The command that starts a plugin in a process of its own: a program, or this
//! executable for an isolated library.

use super::open::{attributed, broken, check_files};
use crate::discovery::DiscoveredPlugin;
use crate::discovery::PluginManifest;
use crate::environment;
use crate::plugin_lock;
use kt_plugin_api::Error;
use kt_plugin_api::manifest::PluginKind;
use rustix::process::{Resource, Rlimit, Signal};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Variables that describe the process of the host.
const OF_THE_HOST: [&str; 3] = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];
/// Set for every plugin: the version of the protocol.
const PROTOCOL_MARKER: &str = "KT_PLUGIN_PROTOCOL";
/// Set for every plugin: its name.
const NAME_MARKER: &str = "KT_PLUGIN_NAME";

/// The first descriptor after the standard streams.
#[cfg(target_os = "linux")]
const FIRST_OTHER: libc::c_uint = 3;

/// Runs the checks of a plugin whose process is to be started. They execute none of its
/// code.
///
/// # Errors
/// Class `plugin`, naming the plugin and its path.
pub(crate) fn check_process(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    cache: &Path,
) -> Result<(), Error> {
    let (file, meta) = check_files(plugin, manifest)?;
    plugin_lock::check_at_load(plugin, manifest, &file, cache)?;
    if manifest.kind == PluginKind::Process && meta.permissions().mode() & 0o111 == 0 {
        let path = plugin.library().unwrap_or_default();
        let error = broken(&path, "is not usable", "it is not executable")
            .hint(format!("run `chmod +x '{}'`", path.display()));
        return Err(attributed(error, manifest, &path));
    }
    Ok(())
}

/// Returns the command of a plugin of the kind `process`.
pub(crate) fn program(
    plugin: &DiscoveredPlugin,
    manifest: &PluginManifest,
    memory_limit: Option<u64>,
) -> Command {
    let path = plugin.library().unwrap_or_default();
    command(&path, &manifest.name, memory_limit)
}

/// Returns a command that runs in a process group of its own, with a memory limit in
/// bytes, and that is killed at the end of the host.
pub(crate) fn command(
    program: impl AsRef<OsStr>,
    name: &str,
    memory_limit: Option<u64>,
) -> Command {
    let mut command = Command::new(program);
    command
        .process_group(0)
        .env(PROTOCOL_MARKER, crate::rpc::PROTOCOL.to_string())
        .env(NAME_MARKER, name);
    for variable in OF_THE_HOST.into_iter().chain([environment::COMPLETE]) {
        command.env_remove(variable);
    }
    let parent = rustix::process::getpid();
    // SAFETY: system calls only, which may follow a fork of a process with threads.
    unsafe { command.pre_exec(move || confine(parent, memory_limit)) };
    command
}

/// Runs in the child, before it executes the program.
fn confine(parent: rustix::process::Pid, memory_limit: Option<u64>) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // What kt itself has inherited is not for the plugin. Old kernels lack the call.
        // SAFETY: it changes nothing but the flags of descriptors.
        unsafe {
            libc::syscall(
                libc::SYS_close_range,
                FIRST_OTHER,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
        }
        // The host may have ended before.
        if rustix::process::getppid() != Some(parent) {
            return Err(rustix::io::Errno::SRCH.into());
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _unused = (parent, Signal::KILL);
    if let Some(limit) = memory_limit {
        // Not the address space: several language runtimes reserve far more of it than
        // they use.
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        rustix::process::setrlimit(Resource::Data, limit)?;
    }
    Ok(())
}
