//! The process of a service, from `/proc`. On systems without it everything is
//! unknown.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The running process of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProcessStatus {
    /// The installed executable is another file than the running one.
    pub(crate) replaced: Option<bool>,
    /// The installed executable does not exist.
    pub(crate) missing: bool,
    /// The process that the service manager supervises listens on the address of the
    /// gateway.
    pub(crate) owns_port: Option<bool>,
}

/// The state of a listening socket in `/proc/net/tcp`: `TCP_LISTEN` of the kernel.
const LISTENING: &str = "0A";

/// Inspects process `pid`.
pub(crate) fn inspect(
    pid: Option<u32>,
    installed: Option<&str>,
    listen: Option<&str>,
) -> ProcessStatus {
    let Some(pid) = pid else {
        return ProcessStatus::default();
    };
    ProcessStatus {
        replaced: installed.and_then(|exe| executable_replaced(pid, Path::new(exe))),
        missing: installed.is_some_and(|exe| !Path::new(exe).exists()),
        owns_port: listen
            .and_then(|l| l.parse().ok())
            .and_then(|l| owns_port(pid, l)),
    }
}

/// Returns whether process `pid` runs another file than `installed`. A replaced
/// executable still exists without a name, so the inodes differ.
pub(crate) fn executable_replaced(pid: u32, installed: &Path) -> Option<bool> {
    let running = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    match fs::metadata(installed) {
        Ok(current) => Some((running.dev(), running.ino()) != (current.dev(), current.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(true),
        Err(_) => None,
    }
}

fn owns_port(pid: u32, listen: SocketAddr) -> Option<bool> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let inodes: Vec<String> = tables
        .iter()
        .flatten()
        .flat_map(|table| listening(table, listen.port()))
        .collect();
    let mut readable = 0_usize;
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).ok()? {
        let Ok(link) = fs::read_link(entry.ok()?.path()) else {
            continue;
        };
        readable += 1;
        let link = link.to_string_lossy().into_owned();
        if inodes
            .iter()
            .any(|inode| link == format!("socket:[{inode}]"))
        {
            return Some(true);
        }
    }
    (readable > 0).then_some(false)
}

/// Returns the inodes of the sockets that listen on `port`.
fn listening(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
            (local.ends_with(&suffix) && *state == LISTENING).then(|| (*inode).to_owned())
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::inspect;
    use std::net::TcpListener;

    #[test]
    fn this_process_owns_the_port_it_listens_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let exe = std::env::current_exe().unwrap();
        let me = Some(std::process::id());
        let process = inspect(me, exe.to_str(), Some(&address));
        assert_eq!(
            (process.replaced, process.owns_port),
            (Some(false), Some(true))
        );
        drop(listener);
        assert_eq!(inspect(me, None, Some(&address)).owns_port, Some(false));
        assert_eq!(inspect(me, Some("/nowhere/kt"), None).replaced, Some(true));
        assert_eq!(
            inspect(None, Some("/bin/sh"), Some(&address)).replaced,
            None
        );
    }
}
