//! Every dependency that a manifest declares is used.

use super::metadata::{members, metadata};
use super::source::{code_of, has_word};
use crate::harness::{files_below, workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

/// Dependencies that no source file names, and why they are declared.
const NOT_NAMED: [(&str, &str, &str); 6] = [
    (
        "kt-tests",
        "misbehaving",
        "the tests load its shared library",
    ),
    (
        "kt-tests",
        "prefix-guard",
        "the tests load its shared library",
    ),
    ("kt-tests", "object", "files of the host are included"),
    ("kt-tests", "semver", "files of the host are included"),
    ("kt-tests", "serde", "files of the host are included"),
    ("kt-tests", "strsim", "files of the host are included"),
];

fn manifest(path: &Path) -> Table {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The dependency tables of a package: of every kind and for every platform.
fn dependency_tables(manifest: &Table) -> Vec<&Table> {
    let platforms = manifest.get("target").and_then(|t| t.as_table());
    let platforms = platforms.into_iter().flat_map(Table::values);
    let owners = platforms.filter_map(|t| t.as_table()).chain([manifest]);
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    owners
        .flat_map(|owner| kinds.map(|kind| owner.get(kind)?.as_table()))
        .flatten()
        .collect()
}

/// The names that the members take from `[workspace.dependencies]`.
fn inherited() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for package in members() {
        let manifest = manifest(Path::new(
            package["manifest_path"].as_str().unwrap_or_default(),
        ));
        for table in dependency_tables(&manifest) {
            let from_workspace = |(_, value): &(&String, &toml::Value)| {
                value.get("workspace").and_then(|w| w.as_bool()) == Some(true)
            };
            let inherited = table.iter().filter(from_workspace);
            names.extend(inherited.map(|(name, _)| name.clone()));
        }
    }
    names
}

#[test]
fn every_workspace_dependency_has_a_user() {
    let root = manifest(&workspace().join("Cargo.toml"));
    let declared = root["workspace"]["dependencies"].as_table();
    let declared = declared.expect("it is a table");
    assert!(declared.len() > 40, "{declared:?}");
    let used = inherited();
    let unused: Vec<&String> = declared.keys().filter(|n| !used.contains(*n)).collect();
    assert!(
        unused.is_empty(),
        "no member of the workspace depends on {unused:?}"
    );
}

/// The code of a package without that of packages in folders below its own.
fn code_of_package(folder: &Path) -> String {
    let files = files_below(folder, &["target"]);
    let manifests = files.iter().filter(|p| p.ends_with("Cargo.toml"));
    let nested: Vec<&Path> = manifests
        .filter_map(|p| p.parent())
        .filter(|p| *p != folder)
        .collect();
    let own = |p: &&PathBuf| !nested.iter().any(|folder| p.starts_with(folder));
    let rust = files.iter().filter(own);
    let rust = rust.filter(|p| p.extension().is_some_and(|e| e == "rs"));
    let texts = rust.map(|p| fs::read_to_string(p).expect("source is text"));
    texts.map(|text| code_of(&text)).collect()
}

/// The name by which code refers to the library of a package.
fn library_of(package: &str) -> String {
    let packages = metadata()["packages"].as_array().into_iter().flatten();
    let named = packages.filter(|p| p["name"] == package);
    let mut targets = named.flat_map(|p| p["targets"].as_array().into_iter().flatten());
    let library = targets.find(|t| t["kind"][0] != "custom-build" && t["kind"][0] != "example");
    let name = library.and_then(|t| t["name"].as_str()).unwrap_or(package);
    name.replace('-', "_")
}

/// Whether code names a crate: in a path or in a `use`.
fn names_crate(code: &str, name: &str) -> bool {
    let imported = |line: &str| {
        let line = line.trim_start().trim_start_matches("pub ");
        line.starts_with("use ") && has_word(line, name)
    };
    let in_path = |(at, found): (usize, &str)| {
        let before = code[..at].chars().next_back();
        let word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word && code[at + found.len()..].starts_with("::")
    };
    code.match_indices(name).any(in_path) || code.lines().any(imported)
}

#[test]
fn every_dependency_is_named_in_the_code() {
    let mut unused = Vec::new();
    for package in members() {
        let path = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let owner = package["name"].as_str().unwrap_or_default();
        let code = code_of_package(path.parent().expect("it is in a folder"));
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = dependency["name"].as_str().unwrap_or_default();
            let crate_name = match dependency["rename"].as_str() {
                Some(renamed) => renamed.replace('-', "_"),
                None => library_of(name),
            };
            let excepted = NOT_NAMED.iter().any(|(o, n, _)| (*o, *n) == (owner, name));
            if !excepted && !names_crate(&code, &crate_name) {
                unused.push(format!("{owner} declares `{name}`"));
            }
        }
    }
    assert!(
        unused.is_empty(),
        "dependencies that no source file names:\n  {}",
        unused.join("\n  ")
    );
}

#[test]
fn a_crate_is_named_in_a_path_or_a_use() {
    assert!(names_crate("let x = http::Uri::new();", "http"));
    assert!(names_crate("use http;\n", "http"));
    assert!(!names_crate("let http = xhttp::y(http.len());", "http"));
}
