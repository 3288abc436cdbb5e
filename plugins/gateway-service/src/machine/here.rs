//! The real surroundings.

use super::process_table;
use crate::control::{self, InstanceStatus};
use crate::desk::Surroundings;
use crate::record::{Lock, Records};
use kt_plugin_api::Error;
use kt_plugin_api::service::ServiceName;
use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

/// This machine.
pub(crate) struct Here;

impl Surroundings for Here {
    fn ask(&self, socket: &Path) -> Result<InstanceStatus, String> {
        control::ask(socket)
    }

    fn make_private_dir(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn occupied(&self, address: &str) -> Option<String> {
        // What is no address at all is the gateway's to refuse, with its words.
        let address = address.to_socket_addrs().ok()?.next()?;
        match TcpListener::bind(address) {
            Ok(_) => None,
            Err(e) if e.kind() == ErrorKind::AddrInUse => Some(holder(address).to_owned()),
            Err(e) => Some(e.to_string()),
        }
    }

    fn inside(&self, unit: &str) -> bool {
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        within(&groups, unit)
    }

    fn lock(&self, records: &Records, name: &ServiceName) -> Result<Option<Lock>, Error> {
        records.lock(name).map(Some)
    }

    fn replaced(&self, pid: u32, executable: &Path) -> Option<bool> {
        process_table::replaced(pid, executable)
    }
}

/// Who keeps an address from a listener: the default port lies in the range from
/// which systems give ports to clients.
fn holder(address: SocketAddr) -> &'static str {
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => {
            "nobody listens there, but a connection of some process has that port"
        }
        _ => "another process listens there",
    }
}

/// Lines are `hierarchy:controllers:path`; a unit is one part of the path.
fn within(groups: &str, unit: &str) -> bool {
    groups
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .any(|path| path.split('/').any(|part| part == unit))
}

#[cfg(test)]
mod tests {
    use super::{Here, within};
    use crate::desk::Surroundings as _;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_port_of_a_connection_is_told_from_one_that_is_listened_at() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let address = client.local_addr().unwrap().to_string();
        let why = Here.occupied(&address).unwrap();
        assert!(why.contains("nobody listens"), "{why}");
    }

    #[test]
    fn a_taken_address_is_found_and_a_free_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(Here.occupied(&address).unwrap().contains("another process"));
        drop(listener);
        assert_eq!(Here.occupied(&address), None);
        assert_eq!(Here.occupied("no address"), None);
    }

    #[test]
    fn a_process_of_the_service_knows_itself() {
        let groups = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/kt-gateway.service/x\n1:name=systemd:/\n";
        assert!(within(groups, "kt-gateway.service"));
        assert!(!within(groups, "kt-gateway-edge.service"));
        assert!(!within("", "kt-gateway.service"));
    }
}
