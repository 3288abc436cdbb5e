//! The sandbox settings of a unit.

use super::lines::push_line;
use crate::quote;
use kt_plugin_api::Error;
use kt_plugin_api::service::{Sandbox, ServiceSpec, SystemInfo};
use std::path::Path;

/// Settings that work on every supported version, also without unprivileged user
/// namespaces. They do not include mount settings, which version 252 silently
/// ignores in user units without a user namespace.
const BASE: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
";

/// Settings that require a user namespace, and therefore a preflight. Deliberately
/// omitted: `PrivateDevices`, `ProtectKernelModules`, `ProtectKernelLogs`,
/// `ProtectClock` and `CapabilityBoundingSet`, with which version 252 does not
/// start a user unit (218), and `MemoryDenyWriteExecute`, which breaks plugins that
/// contain a JIT compiler.
const STRICT: &str = "\
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ProtectControlGroups=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
";

/// Returns the sandbox settings of the section `[Service]`.
///
/// # Errors
/// Class `usage` for a directory that systemd does not support.
pub(super) fn settings(spec: &ServiceSpec, system: &SystemInfo) -> Result<String, Error> {
    let mut text = BASE.to_owned();
    if spec.sandbox == Sandbox::Base {
        return Ok(text);
    }
    text.push_str(STRICT);
    for dir in &spec.read_write_paths {
        match in_runtime_dir(dir, system) {
            // It does not survive a reboot, so systemd creates it; it is preserved,
            // because other services of the user share it.
            Some(name) => {
                push_line(&mut text, &format!("RuntimeDirectory={name}"));
                push_line(&mut text, "RuntimeDirectoryMode=0700");
                push_line(&mut text, "RuntimeDirectoryPreserve=yes");
            }
            None => push_line(
                &mut text,
                &format!("ReadWritePaths={}", quote::listed_path(dir)?),
            ),
        }
    }
    for dir in &spec.inaccessible_paths {
        push_line(
            &mut text,
            &format!("InaccessiblePaths={}", quote::listed_path(dir)?),
        );
    }
    Ok(text)
}

/// Returns the name of a direct subdirectory of the runtime directory.
fn in_runtime_dir<'a>(dir: &'a Path, system: &SystemInfo) -> Option<&'a str> {
    let runtime = system.runtime_dir.as_deref()?;
    if dir.parent() != Some(runtime) {
        return None;
    }
    let name = dir.file_name()?.to_str()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    name.bytes().all(plain).then_some(name)
}
