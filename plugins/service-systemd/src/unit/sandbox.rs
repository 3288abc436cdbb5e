//! How far a service is shut in.

use super::file::{put, unicode};
use crate::quote;
use kt_plugin_api::Error;
use kt_plugin_api::service::{Sandbox, ServiceSpec, SystemInfo};
use std::path::Path;

/// Settings that hold on every supported version, also where unprivileged user
/// namespaces are forbidden. Mount protections are not among them: version 252
/// ignores those silently in user units without a user namespace.
const BASE: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
";

/// What needs a user namespace, and so a probe. Not among it: `PrivateDevices`,
/// `ProtectKernelModules`, `ProtectKernelLogs`, `ProtectClock` and
/// `CapabilityBoundingSet`, with which version 252 does not start a user unit
/// (218), and `MemoryDenyWriteExecute`, which plugins with compilers of their
/// own would break on.
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

/// The lines of `[Service]` that shut the service in.
///
/// # Errors
/// Class `usage` for a directory that systemd cannot name.
pub(super) fn settings(spec: &ServiceSpec, system: &SystemInfo) -> Result<String, Error> {
    let mut text = BASE.to_owned();
    if spec.sandbox == Sandbox::Base {
        return Ok(text);
    }
    text.push_str(STRICT);
    for dir in &spec.read_write_paths {
        match in_runtime_dir(dir, system) {
            // Gone after a reboot, so systemd makes it; kept, because the other
            // services of the person share it.
            Some(name) => {
                put(&mut text, &format!("RuntimeDirectory={name}"));
                put(&mut text, "RuntimeDirectoryMode=0700");
                put(&mut text, "RuntimeDirectoryPreserve=yes");
            }
            None => put(
                &mut text,
                &format!("ReadWritePaths={}", quote::listed_path(unicode(dir)?)?),
            ),
        }
    }
    for dir in &spec.inaccessible_paths {
        put(
            &mut text,
            &format!("InaccessiblePaths={}", quote::listed_path(unicode(dir)?)?),
        );
    }
    Ok(text)
}

/// The name of a directory right in the session's runtime directory.
fn in_runtime_dir<'a>(dir: &'a Path, system: &SystemInfo) -> Option<&'a str> {
    let runtime = system.runtime_dir.as_deref()?;
    if dir.parent() != Some(runtime) {
        return None;
    }
    let name = dir.file_name()?.to_str()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    name.bytes().all(plain).then_some(name)
}
