//! The environment of a service: a service manager does not pass on the variables of
//! the user's shell.

use kt_control_api::{CA_FILE_VARIABLE, ConnectOptions};
use kt_plugin_api::service::SystemInfo;
use kt_plugin_api::{Dirs, Invocation};
use std::path::{Path, PathBuf};

/// Returns the variables of a service, in order. They never include a token.
pub(super) fn environment(invocation: &Invocation) -> Vec<(String, String)> {
    let mut variables = directories(&invocation.dirs);
    if !invocation.plugin_dirs.is_empty() {
        let dirs: Vec<String> = invocation.plugin_dirs.iter().map(|d| text(d)).collect();
        variables.push(("KT_PLUGIN_PATH".to_owned(), dirs.join(":")));
    }
    // A later login must not move the service to another control plane.
    variables.push(match &invocation.profile {
        Some(profile) => ("KT_PROFILE".to_owned(), profile.clone()),
        None => ("KT_NO_PROFILE".to_owned(), "1".to_owned()),
    });
    if let Some(url) = invocation.setting("api.url") {
        variables.push(("KEEPTRUSTS_API_URL".to_owned(), url.to_owned()));
        if let Some(file) = ConnectOptions::from_invocation(invocation).ca_file {
            variables.push((CA_FILE_VARIABLE.to_owned(), text(&file)));
        }
    }
    variables
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Returns the directory that `KT_HOME` names, if it is set.
fn kt_home(dirs: &Dirs) -> Option<&Path> {
    let root = dirs.config.parent()?;
    let below_root = dirs.config == root.join("config")
        && dirs.state == root.join("state")
        && dirs.data == root.join("data")
        && dirs.cache == root.join("cache")
        && dirs.runtime == root.join("run");
    below_root.then_some(root)
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

/// Returns the directory in which the service creates its sockets. The service
/// manager sets the runtime directory of the service, independently of this shell's.
pub(crate) fn runtime_dir(dirs: &Dirs, system_info: &SystemInfo) -> PathBuf {
    match (kt_home(dirs), &system_info.runtime_dir) {
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

    fn xdg_dirs() -> Dirs {
        Dirs {
            config: "/h/.config/kt".into(),
            data: "/h/.local/share/kt".into(),
            state: "/h/.local/state/kt".into(),
            cache: "/h/.cache/kt".into(),
            runtime: "/h/.local/state/kt/run".into(),
            home: "/h".into(),
        }
    }

    fn kt_home_dirs() -> Dirs {
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
    fn paths_are_absolute_and_secrets_are_excluded() {
        let lines = environment(&invocation(xdg_dirs()));
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
        let mut invocation = invocation(kt_home_dirs());
        invocation.profile = Some("work".to_owned());
        let lines = environment(&invocation);
        assert_eq!(lines[0], ("KT_HOME".to_owned(), "/k".to_owned()));
        assert_eq!(lines[2], ("KT_PROFILE".to_owned(), "work".to_owned()));
    }

    #[test]
    fn sockets_are_in_the_runtime_directory_of_the_service() {
        let system_info = SystemInfo {
            runtime_dir: Some("/run/user/1".into()),
            ..SystemInfo::default()
        };
        assert_eq!(
            runtime_dir(&xdg_dirs(), &system_info),
            Path::new("/run/user/1/kt")
        );
        assert_eq!(
            runtime_dir(&kt_home_dirs(), &system_info),
            Path::new("/k/run")
        );
        let none = SystemInfo::default();
        assert_eq!(
            runtime_dir(&xdg_dirs(), &none),
            Path::new("/h/.local/state/kt/run")
        );
    }
}
