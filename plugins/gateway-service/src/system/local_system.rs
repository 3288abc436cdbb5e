//! The local system.

use super::admin_socket::{self, InstanceStatus};
use super::probe::SystemProbe;
use super::process_table;
use crate::record::{Lock, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceName;
use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

/// The system that kt runs on.
pub(crate) struct LocalSystem;

impl SystemProbe for LocalSystem {
    fn instance_status(&self, socket: &Path) -> Result<InstanceStatus, String> {
        admin_socket::query_status(socket)
    }

    fn create_private_dir(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn address_conflict(&self, address: &str) -> Option<String> {
        // The gateway itself rejects an invalid address, with its own message.
        let address = address.to_socket_addrs().ok()?.next()?;
        match TcpListener::bind(address) {
            Ok(_) => None,
            Err(e) if e.kind() == ErrorKind::AddrInUse => Some(port_user(address).to_owned()),
            Err(e) => Some(e.to_string()),
        }
    }

    fn is_inside(&self, unit: &str) -> bool {
        let cgroups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        contains_unit(&cgroups, unit)
    }

    fn lock(&self, records: &Records, name: &ServiceName) -> Result<Option<Lock>, Error> {
        records.lock(name).map(Some)
    }

    fn executable_replaced(&self, pid: u32, executable: &Path) -> Option<bool> {
        process_table::executable_replaced(pid, executable)
    }
}

/// Returns what uses the port of `address`. The default port is within the ephemeral
/// port range, so it may be the local port of a client connection.
fn port_user(address: SocketAddr) -> &'static str {
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => {
            "no process listens on it, but it is the local port of a connection"
        }
        _ => "another process listens on it",
    }
}

/// Returns whether the content of a cgroup file names `unit`. Each line is
/// `hierarchy:controllers:path`, and a unit is one component of the path.
fn contains_unit(cgroups: &str, unit: &str) -> bool {
    cgroups
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .any(|path| path.split('/').any(|part| part == unit))
}

#[cfg(test)]
mod tests {
    use super::{LocalSystem, contains_unit};
    use crate::system::SystemProbe as _;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_port_of_a_connection_is_distinguished_from_a_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let address = client.local_addr().unwrap().to_string();
        let conflict = LocalSystem.address_conflict(&address).unwrap();
        assert!(conflict.contains("no process listens"), "{conflict}");
    }

    #[test]
    fn an_address_in_use_is_detected_and_a_free_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(
            LocalSystem
                .address_conflict(&address)
                .unwrap()
                .contains("another process")
        );
        drop(listener);
        assert_eq!(LocalSystem.address_conflict(&address), None);
        assert_eq!(LocalSystem.address_conflict("no address"), None);
    }

    #[test]
    fn a_process_of_the_service_is_recognized() {
        let cgroups = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/kt-gateway.service/x\n1:name=systemd:/\n";
        assert!(contains_unit(cgroups, "kt-gateway.service"));
        assert!(!contains_unit(cgroups, "kt-gateway-edge.service"));
        assert!(!contains_unit("", "kt-gateway.service"));
    }
}
