//! The checks of the host.

use super::plugin_checks::{self, Reports};
use crate::commands::context::CommandContext;
use crate::settings::unknown_keys;
use kt_plugin_api::doctor::DoctorCheck;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Runs every check of the host.
pub(super) fn run(context: &CommandContext<'_>, reports: &Reports) -> Vec<DoctorCheck> {
    let mut all = vec![settings(context)];
    all.extend(directories(context));
    all.push(search(context));
    all.extend(plugin_checks::run(context, reports));
    all.push(versions(context));
    all
}

fn settings(context: &CommandContext<'_>) -> DoctorCheck {
    match context.layers {
        Ok(layers) if layers.all.is_empty() => DoctorCheck::passed(
            "settings",
            format!(
                "no settings file; `{}` does not exist",
                layers.user_file.display()
            ),
        ),
        Ok(layers) => {
            let files: Vec<&str> = layers.all.iter().map(|l| l.origin.as_str()).collect();
            let unknown = unknown_keys(layers, &context.setting_specs());
            if unknown.is_empty() {
                return DoctorCheck::passed("settings", files.join(", "));
            }
            DoctorCheck::warning(
                "settings",
                unknown.join(", "),
                "correct or remove these keys",
            )
        }
        Err(error) => DoctorCheck::from_error("settings", error),
    }
}

fn directories(context: &CommandContext<'_>) -> Vec<DoctorCheck> {
    let dirs = context.dirs;
    [
        ("state directory", &dirs.state),
        ("cache directory", &dirs.cache),
        ("runtime directory", &dirs.runtime),
    ]
    .into_iter()
    .map(|(name, dir)| directory(name, dir))
    .collect()
}

/// Checks that a directory belongs to the user, is not writable by others, and allows
/// new files, or that it can be created.
fn directory(name: &str, dir: &Path) -> DoctorCheck {
    let shown = dir.display();
    let Ok(meta) = std::fs::metadata(dir) else {
        let parent = dir.ancestors().find(|p| p.exists()).unwrap_or(dir);
        return match rustix::fs::access(parent, rustix::fs::Access::WRITE_OK) {
            Ok(()) => DoctorCheck::passed(name, format!("`{shown}` will be created")),
            Err(e) => DoctorCheck::failed(
                name,
                format!("`{shown}` cannot be created: `{}`: {e}", parent.display()),
                format!("make `{}` writable, or set KT_HOME", parent.display()),
            ),
        };
    };
    if !meta.is_dir() {
        return DoctorCheck::failed(
            name,
            format!("`{shown}` is not a directory"),
            format!("remove `{shown}`"),
        );
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        return DoctorCheck::failed(
            name,
            format!(
                "`{shown}` is owned by uid {}, not by you (uid {me})",
                meta.uid()
            ),
            format!("run `chown {me} '{shown}'`"),
        );
    }
    if meta.permissions().mode() & 0o022 != 0 {
        return DoctorCheck::failed(
            name,
            format!("`{shown}` is writable by others"),
            format!("run `chmod go-w '{shown}'`"),
        );
    }
    match create_file_in(dir) {
        Ok(()) => DoctorCheck::passed(name, format!("`{shown}`")),
        Err(e) => DoctorCheck::failed(
            name,
            format!("cannot create a file in `{shown}`: {e}"),
            format!("make `{shown}` writable"),
        ),
    }
}

fn create_file_in(dir: &Path) -> std::io::Result<()> {
    tempfile::Builder::new()
        .prefix(".kt-doctor-")
        .tempfile_in(dir)?
        .close()
}

fn search(context: &CommandContext<'_>) -> DoctorCheck {
    let existing: Vec<String> = context
        .search
        .iter()
        .filter(|d| d.path.is_dir())
        .map(|d| format!("{} ({})", d.path.display(), d.source.name()))
        .collect();
    if existing.is_empty() {
        let all: Vec<String> = context
            .search
            .iter()
            .map(|d| d.path.display().to_string())
            .collect();
        return DoctorCheck::failed(
            "plugin directories",
            format!("none of them exists: {}", all.join(", ")),
            "install a plugin package, or specify a directory with `--plugin-dir`",
        );
    }
    DoctorCheck::passed("plugin directories", existing.join(", "))
}

/// Checks that the bundled plugins have the minor version of the host.
fn versions(context: &CommandContext<'_>) -> DoctorCheck {
    let host = env!("CARGO_PKG_VERSION");
    let minor = |version: &str| version.rsplit_once('.').map(|(m, _)| m.to_owned());
    let mixed: Vec<String> = context
        .registry
        .usable()
        .filter(|(f, m)| {
            f.source == crate::discovery::PluginSource::Bundled && minor(&m.version) != minor(host)
        })
        .map(|(_, m)| format!("{} {}", m.name, m.version))
        .collect();
    if mixed.is_empty() {
        return DoctorCheck::passed(
            "versions",
            format!("kt {host} and its bundled plugins match"),
        );
    }
    DoctorCheck::warning(
        "versions",
        format!("kt {host} is installed with {}", mixed.join(", ")),
        "upgrade them together",
    )
}
