//! Builds the specification of the service that runs a gateway.

use super::{environment, environment_file};
use crate::context::ServiceContext;
use kt_plugin_api::service::{Sandbox, ServiceName, ServiceSpec, SystemInfo};
use kt_plugin_api::{Class, Dirs, Error, Invocation};
use std::path::{Path, PathBuf};

/// `EX_CONFIG` of sysexits.h, the exit code of a service that crashed too often.
const CRASH_LOOP_EXIT: u8 = 78;
/// Seconds to become ready: bind the listeners and fetch the configuration from a
/// control plane that may be slow.
const START_S: u32 = 60;
/// Seconds to stop: more than the 30 that `gateway run` allows for requests in
/// flight.
const STOP_S: u32 = 45;
/// Seconds without a keep-alive notification after which a gateway is considered
/// hung.
const WATCHDOG_S: u32 = 30;
/// The limit on open files: two descriptors per connection, for about 32,000
/// connections.
const OPEN_FILES: u32 = 65_536;
/// The size of the file descriptor store: one per worker and one for health, with room for
/// large machines.
const FD_STORE_MAX: u32 = 512;
/// Directories with keys that a gateway never needs, below the home directory.
const INACCESSIBLE: [&str; 3] = [".ssh", ".gnupg", ".aws"];

/// The variable parts of a specification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SpecOptions {
    /// The ID of the gateway.
    pub(crate) gateway_id: String,
    pub(crate) listen: Option<String>,
    pub(crate) admin_listen: Option<String>,
    /// Addresses beyond loopback are allowed.
    pub(crate) allow_remote: bool,
    /// The executable; see [`super::requested_executable`].
    pub(crate) executable: PathBuf,
}

/// Builds the specification of the service `name`.
///
/// # Errors
/// Class `usage` for paths that are not valid Unicode, and for addresses on which the
/// gateway would refuse to listen.
pub(crate) fn build(
    invocation: &Invocation,
    service: &ServiceContext<'_>,
    name: &ServiceName,
    options: &SpecOptions,
) -> Result<ServiceSpec, Error> {
    check_addresses(options)?;
    let kt = text(&options.executable)?;
    let words = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>();
    let directory = text(&service.records.dir(name))?;
    let mut exec = words(&[&kt, "gateway", "run", "--id", &options.gateway_id]);
    for (option, value) in [
        ("--listen", &options.listen),
        ("--admin-listen", &options.admin_listen),
    ] {
        exec.extend(value.iter().flat_map(|v| [option.to_owned(), v.clone()]));
    }
    if options.allow_remote {
        exec.push("--allow-remote-plaintext".to_owned());
    }
    exec.extend(words(&["--supervised", &directory]));
    if !service.description.capabilities.park_by_exit_code {
        // Such a service manager restarts the process on any exit code but 0.
        exec.extend(words(&["--park-exit", "0"]));
    }
    Ok(ServiceSpec {
        family: service.family.clone(),
        name: name.clone(),
        description: format!("kt AI gateway ({name})"),
        generator: format!("kt {}", invocation.host_version),
        exec,
        reload: words(&[
            &kt,
            "gateway",
            "reload",
            "--id",
            &options.gateway_id,
            "--timeout",
            "30s",
        ]),
        environment: environment::environment(invocation),
        environment_file: Some(environment_file::path(invocation, name)),
        working_dir: None,
        stderr_file: Some(stderr_file(service, name)),
        park_exit_codes: park_exit_codes(),
        start_timeout_s: START_S,
        stop_timeout_s: STOP_S,
        watchdog_s: WATCHDOG_S,
        open_files_limit: OPEN_FILES,
        sandbox: Sandbox::Base,
        sandbox_check: words(&[&kt, "plugin", "verify", "gateway-run"]),
        read_write_paths: read_write_paths(&service.dirs, &service.system_info),
        inaccessible_paths: INACCESSIBLE
            .iter()
            .map(|dir| service.system_info.home.join(dir))
            .collect(),
        fd_store_max: FD_STORE_MAX,
    })
}

/// Refuses addresses with which `gateway run` ends at once, for its reason.
fn check_addresses(options: &SpecOptions) -> Result<(), Error> {
    for address in [&options.listen, &options.admin_listen]
        .into_iter()
        .flatten()
    {
        match kt_listen_address::resolve(address, options.allow_remote) {
            // Names may be resolvable later, when the service starts.
            Err(error) if error.class != Class::Unavailable => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the exit codes of errors that a retry cannot fix.
fn park_exit_codes() -> Vec<u8> {
    Class::ALL
        .into_iter()
        .filter(|class| class.is_permanent())
        .map(Class::exit_code)
        .chain([CRASH_LOOP_EXIT])
        .collect()
}

/// Returns the directories that a gateway writes: its state with the store, the cache,
/// and the runtime directory with the sockets.
fn read_write_paths(dirs: &Dirs, system_info: &SystemInfo) -> Vec<PathBuf> {
    let mut paths = vec![dirs.state.clone(), dirs.cache.clone()];
    let runtime = environment::runtime_dir(dirs, system_info);
    // Without a runtime directory the sockets are in the state directory.
    if !runtime.starts_with(&dirs.state) {
        paths.push(runtime);
    }
    paths
}

fn text(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("the path `{}` is not valid Unicode", path.display());
        Error::new(Class::Usage, "executable-unusable", message)
    })
}

fn stderr_file(service: &ServiceContext<'_>, name: &ServiceName) -> PathBuf {
    if service.system_info.os == "macos" {
        let file = format!("gateway.{name}.stderr.log");
        service.system_info.home.join("Library/Logs/kt").join(file)
    } else {
        service.records.dir(name).join("stderr.log")
    }
}

#[cfg(test)]
mod tests {
    use super::{park_exit_codes, read_write_paths};
    use kt_plugin_api::Dirs;
    use kt_plugin_api::service::SystemInfo;
    use std::path::{Path, PathBuf};

    #[test]
    fn permanent_failures_park_the_service() {
        assert_eq!(park_exit_codes(), [2, 3, 4, 5, 9, 10, 78]);
    }

    #[test]
    fn a_gateway_can_write_state_cache_and_runtime_directories() {
        let dirs = Dirs {
            state: "/h/.local/state/kt".into(),
            cache: "/h/.cache/kt".into(),
            ..Dirs::default()
        };
        let with = SystemInfo {
            runtime_dir: Some("/run/user/1".into()),
            ..SystemInfo::default()
        };
        let paths =
            |system_info: &SystemInfo| -> Vec<PathBuf> { read_write_paths(&dirs, system_info) };
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
