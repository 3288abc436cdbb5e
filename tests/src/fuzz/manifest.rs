//! The manifest of a plugin.

use super::seeds::files;
use kt_plugin_api::manifest::Manifest;
use std::path::Path;

#[path = "../../../host/src/discovery/api_requirement.rs"]
mod api_requirement;
#[path = "../../../host/src/discovery/manifest.rs"]
mod parser;

/// An error has a position in the file, a manifest survives JSON, the form in
/// which plugins receive it.
pub(super) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match parser::parse(Path::new("plugin.toml"), text) {
        Ok(parsed) => {
            let manifest = parsed.manifest;
            let json = serde_json::to_string(&manifest).expect("a manifest is JSON");
            let parsed: Manifest = serde_json::from_str(&json).expect("it is a manifest");
            assert_eq!(parsed, manifest);
        }
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            if let Some(location) = &error.location {
                let line = usize::try_from(location.line).unwrap_or(usize::MAX);
                assert!((1..=lines).contains(&line), "line {line} of {lines}");
            }
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = files("plugins", "plugin.toml");
    seeds.extend(files("tests/plugins", "plugin.toml"));
    seeds
}
