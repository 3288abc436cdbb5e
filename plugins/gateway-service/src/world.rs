//! What a service is told of the world: a service manager passes on nothing of
//! the person's shell.

use kt_control_api::{CA_FILE_VARIABLE, ConnectOptions};
use kt_plugin_api::service::SystemInfo;
use kt_plugin_api::{Dirs, Invocation};
use std::path::{Path, PathBuf};

/// The variables of a service, in order. Never a token.
pub(crate) fn environment(invocation: &Invocation) -> Vec<(String, String)> {
    let mut all = directories(&invocation.dirs);
    if !invocation.plugin_dirs.is_empty() {
        let dirs: Vec<String> = invocation.plugin_dirs.iter().map(|d| text(d)).collect();
        all.push(("KT_PLUGIN_PATH".to_owned(), dirs.join(":")));
    }
    // Whoever logs in later must not move the service to another control plane.
    all.push(match &invocation.profile {
        Some(profile) => ("KT_PROFILE".to_owned(), profile.clone()),
        None => ("KT_NO_PROFILE".to_owned(), "1".to_owned()),
    });
    if let Some(url) = invocation.setting("api.url") {
        all.push(("KEEPTRUSTS_API_URL".to_owned(), url.to_owned()));
        if let Some(file) = ConnectOptions::from_invocation(invocation).ca_file {
            all.push((CA_FILE_VARIABLE.to_owned(), text(&file)));
        }
    }
    all
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The directory that `KT_HOME` named, if it was set.
fn kt_home(dirs: &Dirs) -> Option<&Path> {
    let root = dirs.config.parent()?;
    let moved = dirs.config == root.join("config")
        && dirs.state == root.join("state")
        && dirs.data == root.join("data")
        && dirs.cache == root.join("cache")
        && dirs.runtime == root.join("run");
    moved.then_some(root)
}

fn directories(dirs: &Dirs) -> Vec<(String, String)> {
    if let Some(root) = kt_home(dirs) {
        return vec![("KT_HOME".to_owned(), text(root))];
    }
    [
        ("XDG_CONFIG_HOME", &dirs.config),
        ("XDG_DATA_HOME", &dirs.data),
        ("XDG_STATE_HOME", &dirs.state),
        ("XDG_CACHE_HOME", &dirs.cache),
    ]
    .into_iter()
    .filter_map(|(name, dir)| Some((name.to_owned(), text(dir.parent()?))))
    .collect()
}

/// Where the service will put its sockets: the service manager gives it its own
/// runtime directory, whatever this shell has.
pub(crate) fn runtime_dir(dirs: &Dirs, system: &SystemInfo) -> PathBuf {
    match (kt_home(dirs), &system.runtime_dir) {
        (Some(_), _) => dirs.runtime.clone(),
        (None, Some(dir)) => dir.join("kt"),
        (None, None) => dirs.state.join("run"),
    }
}

#[cfg(test)]
mod tests {
    use super::{environment, runtime_dir};
    use kt_plugin_api::service::SystemInfo;
    use kt_plugin_api::{Dirs, Invocation};
    use serde_json::json;
    use std::path::Path;

    fn invocation(dirs: Dirs) -> Invocation {
        let mut invocation = Invocation {
            dirs,
            cwd: "/h/here".into(),
            plugin_dirs: vec!["/p".into(), "/q".into()],
            ..Invocation::default()
        };
        for (key, value) in [
            ("api.url", "https://cp"),
            ("api.ca_file", "ca.pem"),
            ("api.token", "kt_at_secret"),
        ] {
            invocation.settings.insert(key.to_owned(), json!(value));
        }
        let option = ("api.ca_file".to_owned(), "--api-ca-file".to_owned());
        invocation.origins.extend([option]);
        invocation
    }

    fn xdg() -> Dirs {
        Dirs {
            config: "/h/.config/kt".into(),
            data: "/h/.local/share/kt".into(),
            state: "/h/.local/state/kt".into(),
            cache: "/h/.cache/kt".into(),
            runtime: "/h/.local/state/kt/run".into(),
            home: "/h".into(),
        }
    }

    fn moved() -> Dirs {
        let dir = |name: &str| Path::new("/k").join(name);
        Dirs {
            config: dir("config"),
            data: dir("data"),
            state: dir("state"),
            cache: dir("cache"),
            runtime: dir("run"),
            home: "/h".into(),
        }
    }

    #[test]
    fn the_world_is_written_down_absolutely_and_without_secrets() {
        let lines = environment(&invocation(xdg()));
        let lines: Vec<String> = lines.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            lines,
            [
                "XDG_CONFIG_HOME=/h/.config",
                "XDG_DATA_HOME=/h/.local/share",
                "XDG_STATE_HOME=/h/.local/state",
                "XDG_CACHE_HOME=/h/.cache",
                "KT_PLUGIN_PATH=/p:/q",
                "KT_NO_PROFILE=1",
                "KEEPTRUSTS_API_URL=https://cp",
                "KEEPTRUSTS_API_CA_FILE=/h/here/ca.pem",
            ]
        );
        let mut invocation = invocation(moved());
        invocation.profile = Some("work".to_owned());
        let lines = environment(&invocation);
        assert_eq!(lines[0], ("KT_HOME".to_owned(), "/k".to_owned()));
        assert_eq!(lines[2], ("KT_PROFILE".to_owned(), "work".to_owned()));
    }

    #[test]
    fn sockets_are_where_the_service_sees_its_runtime_directory() {
        let system = SystemInfo {
            runtime_dir: Some("/run/user/1".into()),
            ..SystemInfo::default()
        };
        assert_eq!(runtime_dir(&xdg(), &system), Path::new("/run/user/1/kt"));
        assert_eq!(runtime_dir(&moved(), &system), Path::new("/k/run"));
        let none = SystemInfo::default();
        assert_eq!(
            runtime_dir(&xdg(), &none),
            Path::new("/h/.local/state/kt/run")
        );
    }
}
