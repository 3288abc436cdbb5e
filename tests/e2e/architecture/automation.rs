//! The files that tools of the project read: the toolchain and the workflows.

use crate::harness::{files_below, workspace};
use std::fs;
use toml::Table;

fn table(name: &str) -> Table {
    let text = fs::read_to_string(workspace().join(name)).expect("the file exists");
    toml::from_str(&text).expect("it is TOML")
}

#[test]
fn the_toolchain_is_the_minimum_version() {
    let toolchain = table("rust-toolchain.toml");
    let channel = toolchain["toolchain"]["channel"].as_str();
    let manifest = table("Cargo.toml");
    let minimum = manifest["workspace"]["package"]["rust-version"].as_str();
    let (channel, minimum) = channel.zip(minimum).expect("both are text");
    assert_eq!(channel, format!("{minimum}.0"));
    let contributing = fs::read_to_string(workspace().join("CONTRIBUTING.md"));
    let contributing = contributing.expect("the file exists");
    assert!(contributing.contains(&format!("Rust {minimum}")));
}

/// A tag can be moved to other code, a commit cannot.
#[test]
fn actions_are_pinned_by_commit() {
    let mut uses = 0;
    for file in files_below(&workspace().join(".github/workflows"), &[]) {
        let text = fs::read_to_string(&file).expect("a workflow is text");
        for line in text.lines() {
            let Some((_, action)) = line.split_once("uses: ") else {
                continue;
            };
            uses += 1;
            let pinned = action
                .split_once('@')
                .and_then(|(_, p)| p.split_once(" # v"));
            let is_commit = |c: &str| c.len() == 40 && c.chars().all(|c| c.is_ascii_hexdigit());
            assert!(
                pinned.is_some_and(|(commit, _)| is_commit(commit)),
                "{}: `{action}` is not pinned to a commit with its version",
                file.display()
            );
        }
    }
    assert!(uses > 4, "only {uses} actions were found");
}
