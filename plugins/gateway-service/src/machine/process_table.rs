//! The process behind a service, as `/proc` shows it. Elsewhere nothing of it
//! is known.

use crate::status::ProcessLayer;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// State of a listening socket in `/proc/net/tcp`: `TCP_LISTEN` of the kernel.
const LISTENING: &str = "0A";

/// Looks at process `pid`.
pub(crate) fn look(
    pid: Option<u32>,
    installed: Option<&str>,
    listen: Option<&str>,
) -> ProcessLayer {
    let Some(pid) = pid else {
        return ProcessLayer::default();
    };
    ProcessLayer {
        replaced: installed.and_then(|exe| replaced(pid, Path::new(exe))),
        owns_port: listen
            .and_then(|l| l.parse().ok())
            .and_then(|l| owns_port(pid, l)),
    }
}

/// A replaced executable lives on without a name, so the files differ.
pub(crate) fn replaced(pid: u32, installed: &Path) -> Option<bool> {
    let runs = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    match fs::metadata(installed) {
        Ok(there) => Some((runs.dev(), runs.ino()) != (there.dev(), there.ino())),
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

/// Inodes of the sockets that listen on `port`.
fn listening(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let (local, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
            (local.ends_with(&suffix) && *state == LISTENING).then(|| (*inode).to_owned())
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::look;
    use std::net::TcpListener;

    #[test]
    fn this_process_owns_the_port_it_listens_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let exe = std::env::current_exe().unwrap();
        let me = Some(std::process::id());
        let seen = look(me, exe.to_str(), Some(&address));
        assert_eq!((seen.replaced, seen.owns_port), (Some(false), Some(true)));
        drop(listener);
        assert_eq!(look(me, None, Some(&address)).owns_port, Some(false));
        assert_eq!(look(me, Some("/nowhere/kt"), None).replaced, Some(true));
        assert_eq!(look(None, Some("/bin/sh"), Some(&address)).replaced, None);
    }
}
