//! The service that runs a gateway.

use crate::binary;
use crate::desk::FAMILY;
use crate::environment::Environment;
use crate::world;
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{Facts, Seen, ServiceName, ServiceSpec};
use kt_plugin_api::{Class, Error, Invocation};
use std::path::{Path, PathBuf};

/// Exit codes of kt that say that trying again cannot help: usage, settings,
/// not authorised, not found, a plugin, a rejected configuration, and 78,
/// `EX_CONFIG` of sysexits.h.
const PARK: [u8; 7] = [2, 3, 4, 5, 9, 10, 78];
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

/// The service that runs gateway `id`.
pub(crate) fn spec(
    invocation: &Invocation,
    env: &Environment,
    facts: &Facts,
    name: &ServiceName,
    id: &str,
) -> Result<ServiceSpec, Error> {
    let kt = text(&binary::stable_path(&invocation.exe, &env.path))?;
    let words = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>();
    let mut exec = words(&[&kt, "gateway", "run", "--id", id]);
    for option in ["listen", "admin-listen"] {
        if let Some(value) = invocation.args.text(option) {
            exec.extend([format!("--{option}"), value.to_owned()]);
        }
    }
    Ok(ServiceSpec {
        family: FAMILY.to_owned(),
        name: name.clone(),
        description: format!("kt AI gateway ({name})"),
        generator: format!("kt {}", invocation.host_version),
        exec,
        reload: words(&[&kt, "gateway", "reload", "--id", id, "--timeout", "30s"]),
        environment: world::environment(invocation, env),
        environment_file: Some(environment_file(invocation, name)),
        working_dir: None,
        stderr_file: Some(stderr_file(invocation, facts, name)),
        park_exit_codes: PARK.to_vec(),
        start_timeout_s: START_S,
        stop_timeout_s: STOP_S,
        watchdog_s: WATCHDOG_S,
        open_files: FILES,
    })
}

fn text(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("the path `{}` is not valid Unicode", path.display());
        Error::new(Class::Usage, "executable-unusable", message)
    })
}

/// Variables that the person adds, tokens among them.
pub(crate) fn environment_file(invocation: &Invocation, name: &ServiceName) -> PathBuf {
    invocation
        .dirs
        .config
        .join("gateway")
        .join(format!("{name}.env"))
}

fn stderr_file(invocation: &Invocation, facts: &Facts, name: &ServiceName) -> PathBuf {
    let file = format!("gateway.{name}.stderr.log");
    if facts.os == "macos" {
        facts.home.join("Library/Logs/kt").join(file)
    } else {
        invocation.dirs.state.join("log").join(file)
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
    match runner.stat(path) {
        Seen::File { uid: owner, .. } if owner != uid => {
            refused(format!("belongs to user {owner}"))
        }
        Seen::File { mode, .. } if mode & 0o077 != 0 => {
            refused(format!("can be read by others: its mode is {mode:o}"))
        }
        Seen::File { .. } => Ok(true),
        _ => Ok(false),
    }
}
