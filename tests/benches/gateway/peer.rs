//! The servers that are compared.

use crate::{config, upstream};
use kt_tests::bench::{Server, free_port};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server under test.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) server: Server,
}

/// The servers under test, nginx first if it is installed, and their upstream.
pub(crate) struct Peers {
    pub(crate) list: Vec<Peer>,
    pub(crate) has_nginx: bool,
    _upstream: Server,
}

/// The name of the gateway that judges.
pub(crate) const FULL_CHAIN: &str = "kt, full chain";

impl Peers {
    /// Starts every server in a directory below `home`.
    pub(crate) fn start(home: &Path) -> Self {
        let (upstream, port) = start_upstream(home);
        let mut list: Vec<Peer> = nginx(home, port).into_iter().collect();
        let has_nginx = !list.is_empty();
        list.push(kt(home, "kt, no chain", &config::without_chain(port)));
        list.push(kt(home, FULL_CHAIN, &config::full_chain(port)));
        Self {
            list,
            has_nginx,
            _upstream: upstream,
        }
    }

    /// Returns the gateway with a full chain.
    pub(crate) fn full_chain(&self) -> &Peer {
        self.list.last().expect("it is always started")
    }
}

/// Starts the scripted upstream; returns its port.
pub(crate) fn start_upstream(home: &Path) -> (Server, u16) {
    let port = free_port();
    let mut command = Command::new(std::env::current_exe().expect("this executable"));
    command.args([upstream::FLAG, &port.to_string()]);
    (
        Server::start(command, port, &home.join("upstream.log")),
        port,
    )
}

/// Starts a gateway with one worker on a core of its own.
pub(crate) fn kt(home: &Path, name: &'static str, config: &str) -> Peer {
    let peer = kt_with_workers(home, name, config, 1);
    pin(peer.server.id(), SERVER_CORE);
    peer
}

/// Starts a gateway.
pub(crate) fn kt_with_workers(
    home: &Path,
    name: &'static str,
    config: &str,
    workers: usize,
) -> Peer {
    let home = home.join(name.replace([',', ' '], ""));
    std::fs::create_dir(&home).expect("a directory");
    let file = home.join("policy-config.yaml");
    std::fs::write(&file, config).expect("a file");
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    let port = free_port();
    let mut command = Command::new(dist.join("bin/kt"));
    command
        .args(["gateway", "run", "--workers", &workers.to_string()])
        .args(["--admin-listen", "127.0.0.1:0", "--listen"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("--policy-config")
        .arg(file)
        .env("KT_HOME", &home);
    let server = Server::start(command, port, &home.join("log"));
    Peer { name, server }
}

/// Starts nginx as a plain proxy in one process; `None` if it is not installed.
fn nginx(home: &Path, upstream: u16) -> Option<Peer> {
    let candidates = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"];
    let installed = |name: &&&str| {
        let mut command = Command::new(name);
        command.arg("-v").stderr(Stdio::null()).status().is_ok()
    };
    let Some(program) = candidates.iter().find(installed) else {
        println!(
            "nginx is not installed: without it there are no ratios. On Debian and Ubuntu: apt-get install nginx-light"
        );
        return None;
    };
    let home = home.join("nginx");
    std::fs::create_dir(&home).expect("a directory");
    let port = free_port();
    let file = home.join("nginx.conf");
    std::fs::write(&file, nginx_config(&home, port, upstream)).expect("a file");
    let mut command = Command::new(program);
    command.arg("-p").arg(&home).arg("-c").arg(file);
    let server = Server::start(command, port, &home.join("log"));
    pin(server.id(), SERVER_CORE);
    let name = "nginx";
    Some(Peer { name, server })
}

fn nginx_config(home: &Path, port: u16, upstream: u16) -> String {
    let dir = home.display();
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!(" {name}_temp_path {dir}/{name};\n"))
        .collect();
    format!(
        "daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n access_log off; client_body_buffer_size 1m; client_max_body_size 8m;\n \
         keepalive_requests 10000000; keepalive_timeout 300s;\n{paths} \
         upstream peer {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 10000000; }}\n \
         server {{ listen 127.0.0.1:{port} backlog=4096;\n  location / {{ proxy_pass http://peer; \
         proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering off; }} }}\n}}\n"
    )
}

/// The core of the load generator and the upstream, which inherits it.
pub(crate) const LOAD_CORE: usize = 0;
/// The core of the servers, of which one is under load at a time.
const SERVER_CORE: usize = 1;

/// Pins every thread of a process with taskset(1).
pub(crate) fn pin(process: u32, core: usize) {
    let mut command = Command::new("taskset");
    command.args(["-a", "-c", "-p", &core.to_string(), &process.to_string()]);
    let pinned = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !pinned.is_ok_and(|status| status.success()) {
        println!("process {process} is not pinned to core {core}: results vary more");
    }
}
