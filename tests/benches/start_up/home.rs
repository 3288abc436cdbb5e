//! A home directory with plugins and gateways.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const GATEWAYS: usize = 3;

/// A directory of kt.
pub(crate) struct Home {
    kt: PathBuf,
    path: PathBuf,
}

impl Home {
    /// Creates one with this many plugins of the user, and with gateways in the embedded store.
    pub(crate) fn create(directory: &Path, kt: &Path, plugins: usize) -> Self {
        let home = Self {
            kt: kt.to_owned(),
            path: directory.join(format!("home-{plugins}")),
        };
        for number in 0..plugins {
            let name = format!("other-{number}");
            let plugin = home.path.join("data/plugins").join(&name);
            fs::create_dir_all(&plugin).expect("a directory");
            fs::write(plugin.join("plugin.toml"), manifest(&name)).expect("a file");
            fs::write(plugin.join(format!("lib{name}.so")), "").expect("a file");
        }
        for number in 1..=GATEWAYS {
            let mut create = home.command(&format!("gateway create gateway-{number} --quiet"));
            let output = create.output().expect("a process");
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{message}");
        }
        home
    }

    /// Returns a command of kt.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(&self.kt);
        command
            .args(words.split(' '))
            .env_clear()
            .env("KT_HOME", &self.path)
            .env("HOME", &self.path)
            .env("PATH", "/usr/bin:/bin");
        command
    }

    /// Returns the command with which a shell completes the last word.
    pub(crate) fn completion(&self, words: &str) -> Command {
        let mut command = self.command(&format!("-- kt {words}"));
        command.env("KT_COMPLETE", "fish");
        command
    }
}

/// Returns a manifest with commands, arguments and help of its own.
fn manifest(name: &str) -> String {
    let commands: String = ["create", "inspect", "remove"]
        .map(|verb| {
            format!(
                r#"
[[command]]
path = ["{name}", "{verb}"]
about = "{verb} what the plugin {name} knows"
long_about = """
{verb} what the plugin {name} knows.

Objects have unique names. A name that does not exist is an error."""
examples = [{{ about = "With the object `example`", command = "kt {name} {verb} example" }}]

[[command.arg]]
name = "name"
type = "string"
about = "Name of the object"
long = "name"
positional = true
required = true

[[command.arg]]
name = "file"
type = "path"
about = "File with the description of the object"
long = "file"
"#
            )
        })
        .concat();
    format!(
        r#"manifest = 1
name = "{name}"
version = "1.0.0"
description = "Manages the objects of {name}"
api = "1"
library = "{name}"
license = "MIT"

[[group]]
path = ["{name}"]
about = "Objects of {name}"
heading = "Others"
{commands}"#
    )
}
