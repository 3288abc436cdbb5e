//! The host's own checks.

use super::HostState;
use super::config_show::all_specs;
use super::doctor::Check;
use super::plugin_verify::verify;
use crate::discovery::State;
use crate::settings::unknown_keys;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Every check of the host.
pub(super) fn host(state: &HostState<'_>) -> Vec<Check> {
    let mut all = vec![settings(state)];
    all.extend(directories(state));
    all.push(search(state));
    all.extend(plugins(state));
    all.push(versions(state));
    all
}

fn settings(state: &HostState<'_>) -> Check {
    match state.layers {
        Ok(layers) if layers.all.is_empty() => Check::passed(
            "settings",
            format!("no file; `{}` would be read", layers.user_file.display()),
        ),
        Ok(layers) => {
            let files: Vec<&str> = layers.all.iter().map(|l| l.origin.as_str()).collect();
            let unknown = unknown_keys(layers, &all_specs(state));
            if unknown.is_empty() {
                return Check::passed("settings", files.join(", "));
            }
            Check::warning(
                "settings",
                unknown.join(", "),
                "mend the files that are named",
            )
        }
        Err(error) => Check::from_error("settings", error),
    }
}

fn directories(state: &HostState<'_>) -> Vec<Check> {
    let dirs = state.dirs;
    [
        ("state directory", &dirs.state),
        ("cache directory", &dirs.cache),
        ("runtime directory", &dirs.runtime),
    ]
    .into_iter()
    .map(|(name, dir)| directory(name, dir))
    .collect()
}

/// A directory must be one, belong to the person, be closed to others, and take
/// new files. One that does not exist must be creatable.
fn directory(name: &str, dir: &Path) -> Check {
    let shown = dir.display();
    let Ok(meta) = std::fs::metadata(dir) else {
        let parent = dir.ancestors().find(|p| p.exists()).unwrap_or(dir);
        return match rustix::fs::access(parent, rustix::fs::Access::WRITE_OK) {
            Ok(()) => Check::passed(name, format!("`{shown}` will be created")),
            Err(e) => Check::failed(
                name,
                format!("`{shown}` cannot be created: `{}`: {e}", parent.display()),
                format!("make `{}` writable, or set KT_HOME", parent.display()),
            ),
        };
    };
    if !meta.is_dir() {
        return Check::failed(
            name,
            format!("`{shown}` is not a directory"),
            format!("remove `{shown}`"),
        );
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        return Check::failed(
            name,
            format!("`{shown}` belongs to uid {}, and you are {me}", meta.uid()),
            format!("run `chown {me} '{shown}'`"),
        );
    }
    if meta.permissions().mode() & 0o022 != 0 {
        return Check::failed(
            name,
            format!("`{shown}` is writable by others"),
            format!("run `chmod go-w '{shown}'`"),
        );
    }
    match tempfile_in(dir) {
        Ok(()) => Check::passed(name, format!("`{shown}`")),
        Err(e) => Check::failed(
            name,
            format!("`{shown}` takes no files: {e}"),
            format!("make `{shown}` writable"),
        ),
    }
}

fn tempfile_in(dir: &Path) -> std::io::Result<()> {
    let probe = dir.join(format!(".kt-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)?;
    std::fs::remove_file(probe)
}

fn search(state: &HostState<'_>) -> Check {
    let there: Vec<String> = state
        .search
        .iter()
        .filter(|d| d.path.is_dir())
        .map(|d| format!("{} ({})", d.path.display(), d.tier.word()))
        .collect();
    if there.is_empty() {
        let all: Vec<String> = state
            .search
            .iter()
            .map(|d| d.path.display().to_string())
            .collect();
        return Check::failed(
            "plugin directories",
            format!("none exists: {}", all.join(", ")),
            "install a plugin package, or name a directory with `--plugin-dir`",
        );
    }
    Check::passed("plugin directories", there.join(", "))
}

fn plugins(state: &HostState<'_>) -> Vec<Check> {
    let mut all = Vec::new();
    for found in &state.registry.all {
        let name = format!("plugin {}", found.name());
        all.push(match (&found.state, &found.manifest) {
            (State::Refused(error), _) => Check::from_error(&name, error),
            (State::Shadowed(by), _) => Check::warning(
                &name,
                format!(
                    "`{}` is shadowed by `{}`",
                    found.dir.display(),
                    by.display()
                ),
                format!(
                    "remove `{}`, or allow it with `allow_shadow`",
                    found.dir.display()
                ),
            ),
            (State::OtherPlatform, _) => Check::passed(&name, "for another operating system"),
            (State::Ok, Some(manifest)) => match verify(found, manifest, state) {
                Ok(()) => Check::passed(&name, format!("{} loads", manifest.version)),
                Err(error) => Check::from_error(&name, &error),
            },
            (State::Ok, None) => Check::failed(&name, "no manifest", "reinstall the plugin"),
        });
    }
    all
}

/// Bundled plugins and host work together within one minor version.
fn versions(state: &HostState<'_>) -> Check {
    let own = env!("CARGO_PKG_VERSION");
    let minor = |version: &str| version.rsplit_once('.').map(|(m, _)| m.to_owned());
    let mixed: Vec<String> = state
        .registry
        .usable()
        .filter(|(f, m)| {
            f.tier == crate::discovery::Tier::Bundled && minor(&m.version) != minor(own)
        })
        .map(|(_, m)| format!("{} {}", m.name, m.version))
        .collect();
    if mixed.is_empty() {
        return Check::passed("versions", format!("kt {own} and its bundled plugins fit"));
    }
    Check::warning(
        "versions",
        format!("kt {own} stands beside {}", mixed.join(", ")),
        "upgrade them together",
    )
}
