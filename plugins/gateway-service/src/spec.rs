//! The service that runs a gateway.

use crate::binary;
use crate::desk::Desk;
use crate::environment::Environment;
use crate::world;
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{ProbeOutcome, Sandbox, ServiceName, ServiceSpec, SystemInfo};
use kt_plugin_api::{Class, Dirs, Error, Invocation};
use std::path::{Path, PathBuf};

/// `EX_CONFIG` of sysexits.h, with which a service ends that crashed too often.
const CRASH_LOOP_EXIT: u8 = 78;
/// Seconds to become ready: listeners, configuration, and a control plane that
/// may be slow.
const START_S: u32 = 60;
/// Seconds to end: more than the 30 that `gateway run` gives to requests in
/// flight.
const STOP_S: u32 = 45;
/// Seconds without a sign of life after which a gateway hangs.
const WATCHDOG_S: u32 = 30;
/// Two descriptors per connection, for thirty thousand of them.
const FILES: u32 = 65_536;
/// One socket per worker and one for health, with room for large machines.
const KEPT_SOCKETS: u32 = 512;
/// Where people keep keys that a gateway never needs, below the home directory.
const HIDDEN: [&str; 3] = [".ssh", ".gnupg", ".aws"];

/// What a person wants a service to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The gateway's id.
    pub(crate) id: String,
    pub(crate) listen: Option<String>,
    pub(crate) admin_listen: Option<String>,
    /// The executable; see [`binary::choose`].
    pub(crate) executable: PathBuf,
}

/// The service that runs the gateway of `wish`.
///
/// # Errors
/// Class `usage` for paths that cannot be written down.
pub(crate) fn spec(
    invocation: &Invocation,
    desk: &Desk<'_>,
    name: &ServiceName,
    wish: &Wish,
) -> Result<ServiceSpec, Error> {
    let kt = text(&wish.executable)?;
    let words = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>();
    let folder = text(&desk.records.dir(name))?;
    let mut exec = words(&[&kt, "gateway", "run", "--id", &wish.id]);
    for (option, value) in [
        ("--listen", &wish.listen),
        ("--admin-listen", &wish.admin_listen),
    ] {
        exec.extend(value.iter().flat_map(|v| [option.to_owned(), v.clone()]));
    }
    exec.extend(words(&["--supervised", &folder]));
    if !desk.described.capabilities.park_by_exit_code {
        // A clean end is the only one that such a manager does not repeat.
        exec.extend(words(&["--park-exit", "0"]));
    }
    Ok(ServiceSpec {
        family: desk.family.clone(),
        name: name.clone(),
        description: format!("kt AI gateway ({name})"),
        generator: format!("kt {}", invocation.host_version),
        exec,
        reload: words(&[
            &kt,
            "gateway",
            "reload",
            "--id",
            &wish.id,
            "--timeout",
            "30s",
        ]),
        environment: world::environment(invocation),
        environment_file: Some(environment_file(invocation, name)),
        working_dir: None,
        stderr_file: Some(stderr_file(desk, name)),
        park_exit_codes: park_exit_codes(),
        start_timeout_s: START_S,
        stop_timeout_s: STOP_S,
        watchdog_s: WATCHDOG_S,
        open_files_limit: FILES,
        sandbox: Sandbox::Base,
        sandbox_check: words(&[&kt, "plugin", "verify", "gateway-run"]),
        read_write_paths: writable(&desk.dirs, &desk.system),
        inaccessible_paths: HIDDEN
            .iter()
            .map(|dir| desk.system.home.join(dir))
            .collect(),
        fd_store_max: KEPT_SOCKETS,
    })
}

/// Exit codes of kt that say that trying again cannot help.
fn park_exit_codes() -> Vec<u8> {
    Class::ALL
        .into_iter()
        .filter(|class| class.is_permanent())
        .map(Class::exit_code)
        .chain([CRASH_LOOP_EXIT])
        .collect()
}

/// Where a gateway writes: its store and state, what is found again in the
/// cache, and its sockets.
fn writable(dirs: &Dirs, system: &SystemInfo) -> Vec<PathBuf> {
    let mut all = vec![dirs.state.clone(), dirs.cache.clone()];
    let runtime = world::runtime_dir(dirs, system);
    // Without a runtime directory the sockets lie in the state directory.
    if !runtime.starts_with(&dirs.state) {
        all.push(runtime);
    }
    all
}

fn text(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("the path `{}` is not valid Unicode", path.display());
        Error::new(Class::Usage, "executable-unusable", message)
    })
}

/// The executable that the arguments name, or this kt.
///
/// # Errors
/// As [`binary::choose`].
pub(crate) fn executable(invocation: &Invocation, env: &Environment) -> Result<PathBuf, Error> {
    let wanted = invocation.args.path("executable");
    let wanted = wanted.map(|path| invocation.resolve_path(&path));
    binary::choose(wanted, &invocation.exe, &env.path)
}

/// Variables that the person adds, tokens among them.
pub(crate) fn environment_file(invocation: &Invocation, name: &ServiceName) -> PathBuf {
    invocation
        .dirs
        .config
        .join("gateway")
        .join(format!("{name}.env"))
}

fn stderr_file(desk: &Desk<'_>, name: &ServiceName) -> PathBuf {
    if desk.system.os == "macos" {
        let file = format!("gateway.{name}.stderr.log");
        desk.system.home.join("Library/Logs/kt").join(file)
    } else {
        desk.records.dir(name).join("stderr.log")
    }
}

/// Refuses an environment file that others can read or write: it is where
/// tokens are.
///
/// # Errors
/// Class `settings` with the command that mends it.
pub(crate) fn check_environment_file(
    runner: &dyn Runner,
    path: &Path,
    uid: u32,
) -> Result<bool, Error> {
    let refused = |why: String| {
        let file = path.display();
        Err(Error::new(
            Class::Settings,
            "environment-file-open",
            format!("`{file}` {why}"),
        )
        .hint(format!("`chmod 600 {file}`, as its owner")))
    };
    // A link says nothing of who can read what it leads to.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match runner.stat(&target) {
        ProbeOutcome::Metadata { uid: owner, .. } if owner != uid => {
            refused(format!("belongs to user {owner}"))
        }
        ProbeOutcome::Metadata { mode, .. } if mode & 0o077 != 0 => {
            refused(format!("can be read by others: its mode is {mode:o}"))
        }
        ProbeOutcome::Metadata { .. } => Ok(true),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{park_exit_codes, writable};
    use kt_plugin_api::Dirs;
    use kt_plugin_api::service::SystemInfo;
    use std::path::{Path, PathBuf};

    #[test]
    fn permanent_failures_park() {
        assert_eq!(park_exit_codes(), [2, 3, 4, 5, 9, 10, 78]);
    }

    #[test]
    fn a_gateway_writes_state_cache_and_sockets() {
        let dirs = Dirs {
            state: "/h/.local/state/kt".into(),
            cache: "/h/.cache/kt".into(),
            ..Dirs::default()
        };
        let with = SystemInfo {
            runtime_dir: Some("/run/user/1".into()),
            ..SystemInfo::default()
        };
        let paths = |system: &SystemInfo| -> Vec<PathBuf> { writable(&dirs, system) };
        assert_eq!(
            paths(&with),
            [
                Path::new("/h/.local/state/kt"),
                Path::new("/h/.cache/kt"),
                Path::new("/run/user/1/kt")
            ]
        );
        assert_eq!(
            paths(&SystemInfo::default()),
            [Path::new("/h/.local/state/kt"), Path::new("/h/.cache/kt")]
        );
    }
}
