//! Which crate may import which.

use super::metadata::metadata;
use crate::harness::workspace;
use std::collections::BTreeMap;
use std::path::Path;

/// The layer of a crate of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Host,
    PluginApi,
    Plugin,
    PluginLibrary,
    Tests,
}

fn layer(folder: &str) -> Layer {
    match folder.split('/').collect::<Vec<_>>().as_slice() {
        ["host"] => Layer::Host,
        ["plugin-api"] => Layer::PluginApi,
        ["plugins", "lib", _] => Layer::PluginLibrary,
        ["plugins", _] => Layer::Plugin,
        ["tests", ..] => Layer::Tests,
        _ => panic!("`{folder}` is in no layer of the workspace"),
    }
}

/// Returns whether a crate may import another one of the workspace.
fn may_import(from: Layer, to: Layer) -> bool {
    match from {
        Layer::PluginApi => false,
        Layer::PluginLibrary => matches!(to, Layer::PluginApi | Layer::PluginLibrary),
        Layer::Plugin => matches!(to, Layer::PluginApi | Layer::PluginLibrary),
        Layer::Host => to == Layer::PluginApi,
        Layer::Tests => true,
    }
}

#[test]
fn crates_import_only_what_their_layer_may() {
    let root = workspace().canonicalize().expect("the workspace exists");
    let members = members(&root);
    assert!(members.len() > 10, "{members:?}");
    let mut checked = 0;
    for package in metadata()["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(from) = members.get(name) else {
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let Some(to_layer) = members.get(to).filter(|_| dependency["path"].is_string()) else {
                continue;
            };
            checked += 1;
            assert!(
                may_import(*from, *to_layer),
                "`{name}` ({from:?}) imports `{to}` ({to_layer:?})"
            );
        }
    }
    assert!(checked > 10, "only {checked} imports were found");
}

/// Returns the layer of every crate of the workspace by its name.
fn members(root: &Path) -> BTreeMap<String, Layer> {
    let packages = metadata()["packages"].as_array().into_iter().flatten();
    packages
        .filter(|p| p["source"].is_null())
        .map(|p| {
            let manifest = Path::new(p["manifest_path"].as_str().unwrap_or_default());
            let folder = manifest.parent().and_then(|d| d.strip_prefix(root).ok());
            let folder = folder
                .unwrap_or_else(|| panic!("{} is outside of the workspace", manifest.display()));
            let name = p["name"].as_str().unwrap_or_default().to_owned();
            (name, layer(&folder.display().to_string()))
        })
        .collect()
}

/// The host knows no plugin by name.
#[test]
fn the_host_names_no_plugin() {
    let root = workspace();
    let plugins: Vec<String> = std::fs::read_dir(root.join("plugins"))
        .expect("the plugins exist")
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|n| n != "lib")
        .collect();
    assert!(plugins.len() >= 7, "{plugins:?}");
    for file in crate::harness::files_below(&root.join("host/src"), &[]) {
        let text = std::fs::read_to_string(&file).expect("source is text");
        for plugin in plugins
            .iter()
            .flat_map(|p| [p.clone(), p.replace('-', "_")])
        {
            assert!(
                !text.contains(&plugin),
                "{} names `{plugin}`",
                file.display()
            );
        }
    }
}

#[test]
fn the_rules_can_be_broken() {
    assert!(!may_import(Layer::Host, Layer::Plugin));
    assert!(!may_import(Layer::Plugin, Layer::Plugin));
    assert!(!may_import(Layer::Plugin, Layer::Host));
    assert!(!may_import(Layer::PluginLibrary, Layer::Plugin));
    assert!(!may_import(Layer::PluginApi, Layer::PluginLibrary));
}
